import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { CompiledFeed } from '../feed/compile.ts'
import { servedPaths, streamPaths } from '../feed/served.ts'

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}td,th{text-align:left;padding-right:2rem}'

const CSP = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`

/** `/`: where to go. Names and paths are letters, digits, / - and _, as declarations are checked; nothing needs escaping. */
export function addHome(server: FastifyInstance, feeds: ReadonlyMap<string, CompiledFeed>): void {
  const rows = [...feeds.values()].map(feed => {
    const { name, source } = feed
    const path = source.path ?? `/feeds/${name}/events`
    const read = [...servedPaths(feed), ...streamPaths(feed)].map(one => `<a href="${one}">${one}</a>`)
    return `<tr><td>${name}<td><code>POST ${path}</code><td>${read.join('<br>')}<td><a href="/feeds/${name}/record">record</a>`
  })
  const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Groundstation</title><style>${STYLE}</style>
<h1>Groundstation</h1>
<p><a href="/docs">API</a> · <a href="/feeds">feeds</a> · <a href="/health/ready">health</a></p>
<table><tr><th>feed<th>events<th>to read<th></tr>
${rows.join('\n')}
</table>
</html>
`
  server.get('/', { schema: { hide: true }, config: { access: 'open' } }, (_request, reply) =>
    reply.header('content-type', 'text/html; charset=utf-8').header('content-security-policy', CSP).send(page),
  )
}

import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { CompiledFeed } from '../feed/compile.ts'
import { servedPaths, streamPaths } from '../feed/served.ts'
import type { Needed, NeededAt } from './access.ts'

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:3rem auto;padding:0 1rem}td,th{text-align:left;vertical-align:top;padding:.25rem 2rem .25rem 0}small{color:#666;white-space:nowrap}'

const CSP = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`

const OPERATIONS = ['record', 'gaps', 'held', 'dead-letters'] as const

/** `/`: where to go, and what asks for a token. Names and paths are letters, digits, / - and _, as declarations are checked; nothing needs escaping. */
export function addHome(server: FastifyInstance, feeds: ReadonlyMap<string, CompiledFeed>, neededAt: NeededAt): void {
  let page: string | undefined
  server.get('/', { schema: { hide: true }, config: { access: 'open' } }, (_request, reply) => {
    // Not before: who is asked depends on the address that the server is bound to.
    page ??= pageOf([...feeds.values()], neededAt)
    return reply.header('content-type', 'text/html; charset=utf-8').header('content-security-policy', CSP).send(page)
  })
}

function pageOf(feeds: readonly CompiledFeed[], neededAt: NeededAt): string {
  const rows = feeds.map(feed => {
    const { name, source } = feed
    const mark = (route: string) => markOf(neededAt(route, name))
    const path = source.path ?? `/feeds/${name}/events`
    const read = [...servedPaths(feed), ...streamPaths(feed)].map(one => `${linkTo(one)}${mark(`GET ${one}`)}`)
    const operations = OPERATIONS.map(
      one => `${linkTo(`/feeds/${name}/${one}`, one.replace('-', ' '))}${mark(`GET /feeds/:feed/${one}`)}`,
    )
    return `<tr><td>${name}<td><code>POST ${path}</code>${mark(`POST ${path}`)}<td>${read.join('<br>')}<td>${operations.join('<br>')}`
  })
  const feedList = `${linkTo('/feeds', 'feeds')}${markOf(neededAt('GET /feeds', ''))}`
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Groundstation</title><style>${STYLE}</style>
<h1>Groundstation</h1>
<p>${linkTo('/docs', 'API')} · ${feedList} · ${linkTo('/health/ready', 'health')}</p>
<table><tr><th>feed<th>events<th>to read<th>operations</tr>
${rows.join('\n')}
</table>${rows.some(row => row.includes(MARK)) || feedList.includes(MARK) ? WAY_IN : ''}
</html>
`
}

const linkTo = (path: string, words = path): string => `<a href="${path}">${words}</a>`

const MARK = '<small>token: '
const markOf = (needed: Needed | undefined): string =>
  needed === undefined || needed.length === 0
    ? ''
    : ` ${MARK}${needed === 'user' ? 'user' : needed.join(' and ')}</small>`

const WAY_IN = `
<p><small>token: the role that it asks for</small>. <code>POST /login</code> gives a token for a user's name and password, <code>groundstation tokens add</code> makes one for a machine.
It goes into <code>Authorization: Bearer …</code>; in a browser, the ${linkTo('/docs', 'API')}'s page takes it under Authorize.</p>`

/** A service of the engine alone: posts in, outcomes out. For the copies of the source in which a bug is planted. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import rockets from '../../feeds/rockets.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { GroundstationError, messageOf } from '../../src/errors.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { DECLARED } from '../../src/feed/declare.ts'
import { openStore } from '../../src/store/store.ts'

if (!rockets[DECLARED]) throw new TypeError('feeds/rockets.ts declares no feed')
const synchronousCommit = process.env.SYNCHRONOUS_COMMIT === 'off' ? 'off' : 'on'
const store = await openStore(process.env.DATABASE_URL ?? '', { synchronousCommit })
const engine = createEngine({ store, feeds: [compileFeed(rockets.declaration)] })
await engine.start()

const server = createServer((request, response) => {
  answer(request, response).catch(error => {
    const canRetry = error instanceof GroundstationError && error.canRetry
    const code = error instanceof GroundstationError ? error.code : 'INTERNAL'
    const problem = { type: `urn:groundstation:${code.toLowerCase().replaceAll('_', '-')}`, detail: messageOf(error) }
    if (response.headersSent) return response.destroy()
    response.writeHead(canRetry ? 503 : 500, canRetry ? { 'retry-after': '1' } : {}).end(JSON.stringify(problem))
  })
})
server.listen(Number(process.env.PORT), '127.0.0.1')

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/health/ready') {
    const { isReady, reason } = engine.health()
    response.writeHead(isReady ? 200 : 503).end(reason)
    return
  }
  const body = await readAll(request)
  const isStream = request.headers['content-type'] === 'application/x-ndjson'
  const events = isStream
    ? body
        .toString('utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => Buffer.from(line))
    : [body]
  const outcomes = await engine.submit('rockets', { events, origin: { http: '/messages' } })
  const [first] = outcomes
  const status = isStream || first?.outcome !== 'rejected' ? (first?.outcome === 'conflict' ? 409 : 200) : 400
  response.writeHead(status).end(outcomes.map(outcome => `${JSON.stringify(outcome)}\n`).join(''))
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

process.once('SIGTERM', async () => {
  server.close()
  await engine.stop()
  await store.close()
})

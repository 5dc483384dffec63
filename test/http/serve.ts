import type { TestContext } from 'node:test'
import { defineFeed, http, Type } from 'groundstation'
import { createServer } from '../../src/api/server.ts'
import { type CompiledFeed, compileFeed } from '../../src/feed/compile.ts'
import type { Limits } from '../../src/sources/http/limits.ts'
import { type MemoryEngine, memoryEngine } from './memory-engine.ts'

/** Events with an identity of their own, and events without one. */
const FEEDS = [
  defineFeed({
    name: 'readings',
    source: http({ path: '/readings' }),
    event: Type.Object({
      meter: Type.String({ minLength: 1 }),
      number: Type.Integer({ minimum: 1 }),
      value: Type.Optional(Type.Unknown()),
    }),
    identity: { key: 'meter', sequence: 'number' },
  }),
  defineFeed({
    name: 'notes',
    source: http({ path: '/notes' }),
    event: Type.Object({ text: Type.String() }),
    identity: { position: true },
  }),
]

export type Served = {
  readonly url: string
  readonly port: number
  readonly engine: MemoryEngine
  /** What was logged as our own fault. */
  readonly faults: string[]
  /** What every statement to the database fails with. */
  queryError: Error
  readonly close: () => Promise<void>
}

/** A server on a free port over an engine in memory, closed with the test. */
export async function serve(
  t: TestContext,
  limits: Partial<Limits> = {},
  feeds: readonly CompiledFeed[] = FEEDS.map(feed => compileFeed(feed.declaration)),
): Promise<Served> {
  const engine = memoryEngine(feeds)
  const faults: string[] = []
  const server = await createServer({
    engine,
    feeds: engine.feeds,
    query: () => Promise.reject(served.queryError),
    limits,
    log: { error: (_fields, message) => faults.push(message), info: () => undefined },
    version: '0.0.0',
  })
  const close = () => server.close()
  t.after(close)
  const { address } = await server.listen({ host: '127.0.0.1', port: 0 })
  const port = Number(new URL(address).port)
  const served: Served = { url: address, port, engine, faults, queryError: new Error('no database here'), close }
  return served
}

export const JSON_HEADERS = { 'content-type': 'application/json' }
export const LINES_HEADERS = { 'content-type': 'application/x-ndjson' }

export const reading = (meter: string, number: number, value?: unknown): string =>
  JSON.stringify({ meter, number, value })

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> }

/** Posts a body, and reads the answer as one JSON object. */
export async function send(
  url: string,
  body: RequestInit['body'],
  headers: Record<string, string> = JSON_HEADERS,
): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Record<string, unknown> }
}

/** A promise and what settles it. */
export const gate = (): PromiseWithResolvers<void> => Promise.withResolvers<void>()

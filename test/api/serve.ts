import { after } from 'node:test'
import detections from '../../feeds/detections.ts'
import rockets from '../../feeds/rockets.ts'
import spacex from '../../feeds/spacex-launches.ts'
import { createServer, type Server } from '../../src/api/server.ts'
import type { Engine } from '../../src/engine/contract.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { ROLES, type Role } from '../../src/feed/access.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import type { DeclaredFeed } from '../../src/feed/declare.ts'
import type { Limits } from '../../src/sources/http/limits.ts'
import { openStore, type Row } from '../../src/store/store.ts'
import { insertToken } from '../../src/store/users/machine-tokens.ts'
import { digestOf, newMachineToken } from '../../src/users/machine-token.ts'
import { createUsers } from '../../src/users/users.ts'
import { freshDatabase } from '../database.ts'

export type Served = {
  readonly url: string
  readonly server: Server
  readonly engine: Engine
  readonly faults: string[]
  /** The header of a machine with a role. */
  readonly as: Readonly<Record<Role, { readonly authorization: string }>>
  rows(sql: string, ...values: readonly unknown[]): Promise<Row[]>
}

export const SECRET = 'a secret of the tests, long enough'

/** The whole of it over a database of its own: the feeds of the project, the engine, the server on a free port. */
export async function serve(
  limits: Partial<Limits> = {},
  declared: readonly DeclaredFeed[] = [rockets, detections, ...spacex],
  { host = '127.0.0.1', isOpen = false, settings = new Map<string, string>() } = {},
): Promise<Served> {
  // What was opened last is closed first.
  const closing: (() => Promise<void>)[] = []
  after(async () => {
    for (const close of closing.reverse()) await close()
  })
  const store = await openStore(await freshDatabase({ after: drop => closing.push(drop) }), { connectionsMax: 8 })
  closing.push(() => store.close())
  const feeds = declared.map(feed => compileFeed(feed.declaration, settings))
  const engine = createEngine({ store, feeds })
  closing.push(() => engine.stop())
  await engine.start()
  const faults: string[] = []
  const bearers = ROLES.map(async role => {
    const token = newMachineToken()
    await insertToken(store.query, { name: role, role, digest: digestOf(token) })
    return [role, { authorization: `Bearer ${token}` }] as const
  })
  const as = Object.fromEntries(await Promise.all(bearers)) as Served['as']
  const server = await createServer({
    engine,
    feeds: engine.feeds,
    query: store.query,
    users: createUsers({ query: store.query, secret: SECRET }),
    limits,
    isOpen,
    log: { error: (_fields, message) => faults.push(message), info: () => undefined },
    version: '0.0.0',
  })
  closing.push(() => server.close())
  const { address } = await server.listen({ host, port: 0 })
  return {
    url: address.replace('0.0.0.0', '127.0.0.1'),
    server,
    engine,
    faults,
    as,
    rows: async (sql, ...values) => (await store.query(sql, values)).rows,
  }
}

export type Answer<Body = Record<string, unknown>> = {
  readonly status: number
  readonly body: Body
  readonly text: string
}

export async function get<Body = Record<string, unknown>>(
  url: string,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  return answerOf(await fetch(url, { headers }))
}

export async function send<Body = Record<string, unknown>>(
  url: string,
  body?: RequestInit['body'],
  headers: Record<string, string> = { 'content-type': 'application/json' },
  method = 'POST',
): Promise<Answer<Body>> {
  return answerOf(await fetch(url, body === undefined ? { method } : { method, body, headers }))
}

async function answerOf<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text()
  return { status: response.status, text, body: (text === '' ? {} : JSON.parse(text)) as Body }
}

export type List<Item = Record<string, unknown>> = { readonly data: Item[]; readonly next: string | null }

/** All pages of a list. */
export async function pages<Item = Record<string, unknown>>(
  url: string,
  headers: Record<string, string> = {},
): Promise<Item[][]> {
  const all: Item[][] = []
  let after: string | null = ''
  while (after !== null) {
    const separator = url.includes('?') ? '&' : '?'
    const { status, body, text }: Answer<List<Item>> = await get(
      after === '' ? url : `${url}${separator}after=${after}`,
      headers,
    )
    if (status !== 200) throw new Error(`${url}: ${status} ${text}`)
    all.push(body.data)
    after = body.next
  }
  return all
}

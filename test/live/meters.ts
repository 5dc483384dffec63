import type { TestContext } from 'node:test'
import { defineFeed, http, Type } from 'groundstation'
import { createServer } from '../../src/api/server.ts'
import type { Limits } from '../../src/sources/http/limits.ts'
import { ALERTS_CHANNEL } from '../../src/store/listen.ts'
import type { Ground } from '../engine/ground.ts'

const Level = Type.Object({ total: Type.Integer(), last: Type.String() })

const metersOf = (factor: number) =>
  defineFeed({
    name: 'meters',
    source: http({ path: '/meters' }),
    event: Type.Object({
      meter: Type.String(),
      number: Type.Integer({ minimum: 1 }),
      by: Type.Integer(),
      kind: Type.String(),
    }),
    identity: { key: 'meter', sequence: 'number' },
    gaps: { wait: '0s' },
    state: {
      path: '/levels',
      key: 'meter',
      schema: Level,
      initial: { total: 0, last: '' },
      version: factor,
      evolve: (level, { by, kind }) => ({ total: level.total + by * factor, last: kind }),
    },
    alerts: {
      odd: { when: { kind: { equals: 'odd' } } },
      high: {
        when: { by: { above: 0 } },
        state: { total: { atLeast: 100 } },
        stream: '/high',
        content: 'event-and-state',
      },
    },
  })

/** Sequenced, with rules about the event, the state and both. */
export const METERS = metersOf(1)
/** The same, folded otherwise. */
export const VERSION_2 = metersOf(2)

export const meter = (meter: string, number: number, by = 1, kind = 'even') =>
  JSON.stringify({ meter, number, by, kind })

export type LiveServer = { readonly url: string; close(): Promise<void> }

export async function serveLive(t: TestContext, ground: Ground, limits: Partial<Limits> = {}): Promise<LiveServer> {
  const server = await createServer({
    engine: ground.engine,
    feeds: ground.engine.feeds,
    query: ground.store.query,
    listen: onGrown => ground.store.listen(ALERTS_CHANNEL, onGrown),
    limits,
    log: { error: () => undefined, info: () => undefined },
    version: '0.0.0',
  })
  const close = () => server.close()
  t.after(close)
  const { address } = await server.listen({ host: '127.0.0.1', port: 0 })
  return { url: address, close }
}

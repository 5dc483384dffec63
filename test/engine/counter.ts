import { bigint, defineFeed, integer, Type, text } from '../../src/index.ts'

/** A small sequenced feed: a key's state is the list of what was added, so that any mistake of order shows. */
export function counterFeed(
  options: { name?: string; wait?: string; maxHeld?: number; sparse?: boolean; alerts?: boolean } = {},
) {
  const { name = 'counter', wait = '1h', maxHeld = 1000, sparse = false, alerts = false } = options
  return defineFeed({
    name,
    source: { kind: 'http', path: `/${name}` },
    event: Type.Object({
      key: Type.String(),
      number: Type.Integer({ minimum: 1 }),
      add: Type.Integer(),
      at: Type.Optional(Type.String()),
    }),
    identity: { key: 'key', sequence: 'number', sparse },
    gaps: { wait, maxHeld },
    tables: {
      [`${name}_rows`]: {
        key: ['key', 'number'],
        columns: { key: text('key'), number: bigint('number'), add: integer('add') },
      },
    },
    state: {
      path: `/${name}`,
      key: 'key',
      schema: Type.Object({ sum: Type.Integer(), path: Type.String() }),
      initial: { sum: 0, path: '' },
      evolve: (state, event) => ({ sum: state.sum + event.add, path: `${state.path},${event.number}`.slice(-200) }),
    },
    alerts: alerts ? { counted: { when: { add: { above: 0 } }, state: { sum: { above: 0 } } } } : {},
  })
}

export const event = (key: string, number: number, add: number = number): string => JSON.stringify({ key, number, add })

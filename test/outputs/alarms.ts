/** A feed whose alerts are for a stream, and some of them for a topic: what outputs are tested with. */
import { defineFeed, http, Type } from 'groundstation'
import { type CompiledFeed, compileFeed } from '../../src/feed/compile.ts'

/** `quiet` ones are told by the stream alone, so that a topic's ids have gaps. */
export function alarmsFeed(name: string, topic: string, stream = '/alerts', keep = '30d'): CompiledFeed {
  const { declaration } = defineFeed({
    name,
    source: http({ path: '/alarms' }),
    event: Type.Object({
      key: Type.String({ minLength: 1 }),
      number: Type.Integer({ minimum: 1 }),
      kind: Type.String(),
      text: Type.Optional(Type.String()),
    }),
    identity: { key: 'key', sequence: 'number' },
    gaps: { wait: '1h' },
    alerts: {
      loud: { when: { kind: { equals: 'loud' } }, topic, stream, keep },
      quiet: { when: { kind: { equals: 'quiet' } }, stream, keep },
    },
  })
  return compileFeed(declaration)
}

export const alarm = (key: string, number: number, kind = 'loud', text = ''): string =>
  JSON.stringify({ key, number, kind, text })

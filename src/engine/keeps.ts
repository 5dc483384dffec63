import type { CompiledFeed } from '../feed/compile.ts'
import type { Keep } from '../store/write/alerts.ts'

/** What raised on a stream and isn't known here, another process may know: it is kept as if nothing had been said. */
const OTHERS_MS_MIN = 30 * 86_400_000

/** How long the alerts of each stream are kept: as long as the most patient of its rules says, whatever feed it is of. */
export function keepsOf(feeds: readonly CompiledFeed[]): ReadonlyMap<string, Keep> {
  const rules = feeds.flatMap(({ name, alerts }) => alerts.map(({ stream, keepMs }) => ({ name, stream, keepMs })))
  return new Map(
    [...Map.groupBy(rules, ({ stream }) => stream)].map(([stream, some]) => {
      const ms = Math.max(...some.map(({ keepMs }) => keepMs))
      return [stream, { feeds: some.map(({ name }) => name), ms, othersMs: Math.max(ms, OTHERS_MS_MIN) }]
    }),
  )
}

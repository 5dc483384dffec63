import type { CompiledFeed } from '../feed/compile.ts'
import type { Standing } from '../feed/state.ts'
import { lastApplied } from '../sequencer/cursor.ts'
import type { StoredFeed } from '../store/feed.ts'
import type { Store } from '../store/store.ts'
import { loadKeyEvents } from '../store/write/events.ts'
import { loadKey } from '../store/write/keys.ts'
import { findSnapshot } from '../store/write/snapshots.ts'
import { reparse } from './decide/reparse.ts'
import { foldJobs } from './fold.ts'

const PAGE = 5_000

/** The fold of what is known now, up to a number. Undefined for an unknown key, or beyond its last number. */
export async function stateAt(
  store: Store,
  feed: CompiledFeed,
  stored: StoredFeed,
  name: string,
  at: number,
): Promise<Standing | undefined> {
  const { state } = feed
  const key = await loadKey(store.query, stored.id, name)
  if (state === undefined || key === undefined || at < 1 || at > lastApplied(key.cursor)) return undefined
  return store.withClient(async client => {
    const base = await findSnapshot(client, stored.id, key.id, at + 1, stored.generation)
    let current = base?.state ?? state.initial
    let number = base?.sequence ?? 0
    let time = base?.time ?? null
    let events = base?.events ?? 0
    for (;;) {
      const page = await loadKeyEvents(client, stored.id, key.id, number, at, PAGE)
      const last = page.at(-1)
      if (last === undefined) break
      const parsed = page.map(({ sequence, raw }) => ({ sequence, ...reparse(feed, raw), time: null }))
      current = foldJobs(state, [{ from: { state: current, events }, events: parsed }]).folded[0]?.state ?? current
      const read = feed.identity.timeOf?.(parsed.at(-1)?.event)
      time = typeof read === 'string' ? read : null
      number = last.sequence
      events += page.length
    }
    if (number === 0) return undefined
    const complete = !key.cursor.missing.some(({ from }) => from <= at)
    return { key: key.key, sequence: number, time, complete, state: current }
  })
}

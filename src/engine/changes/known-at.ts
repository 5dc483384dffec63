import type { CompiledFeed } from '../../feed/compile.ts'
import type { CompiledState } from '../../feed/state.ts'
import type { StoredFeed } from '../../store/feed.ts'
import { loadBases, loadHistories, type Wanted } from '../../store/read/changes.ts'
import type { Query } from '../../store/read/query.ts'
import { reparse } from '../decide/reparse.ts'
import { foldJobs } from '../fold.ts'
import type { Known } from './known.ts'

const PAGE = 1_000

export type RecordReading = {
  readonly query: Query
  readonly feed: CompiledFeed
  readonly state: CompiledState
  readonly stored: StoredFeed
}

/** Each key as it was when its lane stood at the position given: from a snapshot that was true then, and the record. */
export async function knownAt(reading: RecordReading, wanted: readonly Wanted[]): Promise<Known[]> {
  if (wanted.length === 0) return []
  const { query, state, stored } = reading
  const bases = await loadBases(query, stored.id, stored.generation, wanted)
  const found = bases.map<Known>(base => base ?? { sequence: 0, events: 0, time: null, state: state.initial })
  for (let first = 0; first < wanted.length; ) {
    const asked = wanted.slice(first).map((one, index) => ({ ...one, above: found[first + index]?.sequence ?? 0 }))
    const page = await loadHistories(query, stored.id, asked, PAGE)
    for (const [number, rows] of Map.groupBy(page, row => row.number)) {
      const index = first + number - 1
      const known = found[index]
      if (known !== undefined)
        found[index] = foldOn(
          reading,
          known,
          rows.map(({ sequence, raw }) => ({ sequence, ...reparse(reading.feed, raw) })),
        )
    }
    const last = page.at(-1)
    if (last === undefined) break
    // The last one may go on; those before it are through.
    first += last.number - 1
  }
  return found
}

type Numbered = { readonly sequence: number; readonly event: unknown; readonly type: string }

function foldOn({ feed, state }: RecordReading, known: Known, events: readonly Numbered[]): Known {
  const jobs = [{ from: known, events: events.map(event => ({ ...event, time: null })) }]
  const [folded] = foldJobs(state, jobs).folded
  const last = events.at(-1)
  return {
    sequence: last?.sequence ?? known.sequence,
    events: known.events + events.length,
    time: last === undefined ? known.time : timeOf(feed, last.event),
    state: folded?.state ?? known.state,
  }
}

export function timeOf({ identity }: CompiledFeed, event: unknown): string | null {
  const time = identity.timeOf?.(event)
  return typeof time === 'string' ? time : null
}

import type { CompiledState } from '../feed/state.ts'
import { lastApplied } from '../sequencer/cursor.ts'
import { loadKeyEvents } from '../store/write/events.ts'
import { withdrawFoldLetters } from '../store/write/letters.ts'
import { dropSnapshots, findSnapshot, insertSnapshots } from '../store/write/snapshots.ts'
import type { Batch } from './batch.ts'
import { addFoldLetter } from './decide/folding.ts'
import { reparse } from './decide/reparse.ts'
import type { Applied, Refold } from './effects.ts'
import { foldJobs } from './fold.ts'

const PAGE = 5_000

/**
 * Folds keys again from the record, from the last snapshot below the number that came late. Heals of one key in one batch
 * are one. The batch's own events are on the record by now, in this transaction.
 */
export async function refoldKeys(batch: Batch): Promise<void> {
  const { state } = batch.feed
  if (state === undefined) return
  for (const refold of batch.effects.refolds) await refoldKey(batch, state, refold)
}

async function refoldKey(batch: Batch, state: CompiledState, { key, from }: Refold): Promise<void> {
  const { client, stored, feed } = batch
  await dropSnapshots(client, stored.id, key.id, from)
  const base = await findSnapshot(client, stored.id, key.id, from, stored.generation)
  const skipped: number[] = []
  const watched = watchedOf(batch, key.id)
  const end = lastApplied(key.cursor)
  let at = base?.sequence ?? 0
  let events = base?.events ?? 0
  let time: string | null = base?.time ?? null
  let current = base?.state ?? state.initial
  for (;;) {
    const page = await loadKeyEvents(client, stored.id, key.id, at, end, PAGE)
    const last = page.at(-1)
    if (last === undefined) break
    const job = {
      from: { state: current, events },
      events: page.map(({ sequence, raw }) => {
        const { event, type } = reparse(feed, raw)
        const read = feed.identity.timeOf?.(event)
        const after = watched.get(sequence)
        return { sequence, event, type, time: typeof read === 'string' ? read : null, ...(after && { after }) }
      }),
    }
    const { folded, failures } = foldJobs(state, [job])
    const [result] = folded
    if (result !== undefined) {
      current = result.state
      const rows = result.snapshots.map(snapshot => ({ ...snapshot, keyId: key.id, generation: stored.generation }))
      if (rows.length > 0) await insertSnapshots(client, stored.id, rows)
    }
    for (const failure of failures) {
      skipped.push(failure.sequence)
      const raw = page.find(({ sequence }) => sequence === failure.sequence)?.raw ?? ''
      addFoldLetter(batch, key.key, Buffer.from(raw), failure)
    }
    at = last.sequence
    events += page.length
    time = job.events.at(-1)?.time ?? null
  }
  await withdrawFoldLetters(client, stored.id, key.key, (base?.sequence ?? 0) + 1, skipped)
  key.state = current
  key.events = events
  key.time = time
}

/** The events of this batch after which an alert looks at the key's state. */
function watchedOf({ effects }: Batch, keyId: number): ReadonlyMap<number, NonNullable<Applied['after']>> {
  return new Map(
    effects.applied.flatMap(one => (one.keyId === keyId && one.after ? [[one.sequence, one.after] as const] : [])),
  )
}

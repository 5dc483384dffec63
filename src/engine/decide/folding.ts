import { foldDigest } from '../../store/write/letters.ts'
import type { Batch } from '../batch.ts'
import type { Applied, MutableKey } from '../effects.ts'
import { type FoldFailure, type FoldJob, foldJobs } from '../fold.ts'

/** One key's newly applied events, in order, and whether its fold must start further back. */
export type ToFold = {
  readonly key: MutableKey
  readonly applied: readonly Applied[]
  readonly lateFrom: number | undefined
  readonly mustRefold: boolean
}

/** Carries the states of a batch's keys on. Those that something came late for are folded again from the record, later. */
export function foldApplied(batch: Batch, keys: readonly ToFold[]): void {
  const { state } = batch.feed
  if (state === undefined) return
  watch(batch)
  const direct: ToFold[] = []
  for (const one of keys) {
    if (one.mustRefold) batch.effects.refolds.push({ key: one.key, from: 1 })
    else if (one.lateFrom !== undefined) batch.effects.refolds.push({ key: one.key, from: one.lateFrom })
    else if (one.applied.length > 0) direct.push(one)
  }
  if (direct.length === 0) return
  const jobs = direct.map<FoldJob>(({ key, applied }) => ({
    from: { state: key.state ?? state.initial, events: key.events - applied.length },
    events: applied,
  }))
  const { folded, failures } = foldJobs(state, jobs)
  for (const [index, { state: next, snapshots }] of folded.entries()) {
    const key = direct[index]?.key
    if (key === undefined) continue
    key.state = next
    for (const snapshot of snapshots)
      batch.effects.snapshots.push({ ...snapshot, keyId: key.id, generation: batch.stored.generation })
  }
  for (const failure of failures) {
    const one = direct[failure.job]
    const applied = one?.applied.find(({ sequence }) => sequence === failure.sequence)
    if (one !== undefined && applied !== undefined) addFoldLetter(batch, one.key.key, applied.raw, failure)
  }
}

/** Alerts may look at the state after an event: the fold leaves it there. */
function watch({ feed, effects }: Batch): void {
  const rules = feed.alerts.filter(({ needsState }) => needsState)
  if (rules.length === 0) return
  for (const one of effects.applied)
    if (rules.some(rule => rule.matches(one.event, one.type))) one.after = { state: undefined }
}

/** The event stays on the record, skipped; the letter says so. */
export function addFoldLetter(batch: Batch, key: string, raw: Buffer, { sequence, message, cause }: FoldFailure): void {
  batch.effects.letters.push({
    reason: 'fold',
    message: `the state's fold failed, and the event was skipped: ${message}`,
    pointer: '',
    key,
    sequence,
    source: '{"fold":true}',
    raw,
    digest: foldDigest(key, sequence),
    works: [],
    outcomeOf: () => ({ outcome: 'accepted' }),
    onId: id => batch.effects.skips.push({ cause, letter: id }),
  })
}

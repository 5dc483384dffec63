/**
 * What changed, event by event, with the state after each: the fold of the key's events that were on the record by the
 * event's position, in the order of their numbers. So a change says the same whoever reads it, and whenever.
 *
 * Where a lane is read to its end, a key's last change is its row. What comes before is folded on from what is known of
 * the key, from earlier reading or from the record. What came late is folded again.
 */
import { present } from '../../feed/state.ts'
import { type ChangeRow, type LaneSpan, loadChanges, type Wanted } from '../../store/read/changes.ts'
import type { Change, ChangeReader } from '../contract.ts'
import { reparse } from '../decide/reparse.ts'
import { type FoldEvent, foldJobs } from '../fold.ts'
import { isComplete, type Known, KnownKeys } from './known.ts'
import { knownAt, type RecordReading, timeOf } from './known-at.ts'

/** A row and what is found out about it. */
type Step = { readonly row: ChangeRow; readonly span: LaneSpan; known: Known | undefined }

/** Events that follow each other, from a state that is known. */
type Run = { readonly from: Known; readonly steps: Step[] }

export function createChangeReader(reading: RecordReading): ChangeReader {
  const keys = new KnownKeys(reading.stored.lanes)
  return {
    read: async spans => {
      const bySpan = new Map(spans.map(span => [span.lane, span]))
      const rows = await loadChanges(reading.query, reading.stored.id, spans)
      const steps = rows.flatMap<Step>(row => {
        const span = bySpan.get(row.lane)
        return span === undefined ? [] : [{ row, span, known: undefined }]
      })
      const byKey = [...Map.groupBy(steps, ({ row }) => row.keyId).values()]
      takeRows(reading, byKey)
      const runs = await runsOf(reading, byKey, await startsOf(reading, byKey, keys))
      foldRuns(reading, runs)
      return tell(reading, steps, keys)
    },
  }
}

/** A row that an older declaration folded is no state of this one. */
function takeRows({ stored }: RecordReading, byKey: readonly (readonly Step[])[]): void {
  for (const steps of byKey) {
    const last = steps.at(-1)
    const now = last?.row.now
    if (last !== undefined && now?.generation === stored.generation && now.state !== null)
      last.known = { sequence: now.sequence, events: now.events, time: now.time, state: now.state }
  }
}

/** Each key before its first step; undefined where nobody needs it. */
async function startsOf(
  reading: RecordReading,
  byKey: readonly (readonly Step[])[],
  keys: KnownKeys,
): Promise<(Known | undefined)[]> {
  const wanted: Wanted[] = []
  const places: number[] = []
  const starts = byKey.map(([first], index) => {
    if (first === undefined || first.known !== undefined) return undefined
    const { lane, keyId } = first.row
    const known = keys.get(lane, first.span.after, keyId)
    if (known === undefined) {
      wanted.push({ keyId, lane, at: first.span.after })
      places.push(index)
    }
    return known
  })
  const found = await knownAt(reading, wanted)
  for (const [index, place] of places.entries()) starts[place] = found[index]
  return starts
}

/** Cuts each key's steps where one came late: there its state is that of its moment. */
async function runsOf(
  reading: RecordReading,
  byKey: readonly (readonly Step[])[],
  starts: readonly (Known | undefined)[],
): Promise<Run[]> {
  const runs: Run[] = []
  const late: { readonly step: Step; readonly followed: Step[] }[] = []
  for (const [index, steps] of byKey.entries()) {
    const start = starts[index]
    if (start === undefined) continue
    let highest = start.sequence
    let current: Step[] = []
    runs.push({ from: start, steps: current })
    for (const step of steps) {
      if (step.known !== undefined) continue
      const { sequence } = step.row
      if (sequence > highest) current.push(step)
      else {
        current = []
        late.push({ step, followed: current })
      }
      highest = Math.max(highest, sequence)
    }
  }
  const found = await knownAt(
    reading,
    late.map(({ step: { row } }) => ({ keyId: row.keyId, lane: row.lane, at: row.position })),
  )
  for (const [index, { step, followed }] of late.entries()) {
    const from = found[index]
    if (from === undefined) continue
    step.known = from
    runs.push({ from, steps: followed })
  }
  return runs
}

function foldRuns({ feed, state }: RecordReading, runs: readonly Run[]): void {
  const events = runs.map(({ steps }) =>
    steps.map(({ row }) => {
      const { event, type } = reparse(feed, row.raw)
      const after: NonNullable<FoldEvent['after']> = { state: undefined }
      return { sequence: row.sequence, event, type, time: timeOf(feed, event), after }
    }),
  )
  foldJobs(
    state,
    runs.map(({ from }, index) => ({ from, events: events[index] ?? [] })),
  )
  for (const [index, { from, steps }] of runs.entries())
    for (const [place, step] of steps.entries()) {
      const event = events[index]?.[place]
      if (event?.after.state === undefined) continue
      const { sequence, time, after } = event
      step.known = { sequence, time, events: from.events + place + 1, state: after.state ?? from.state }
    }
}

function tell({ feed, state, stored }: RecordReading, steps: readonly Step[], keys: KnownKeys): Change[] {
  const isGapless = feed.identity.kind !== 'sequenced' || feed.identity.isSparse
  const changes: Change[] = []
  const at = new Map<number, number>()
  for (const { row, span, known } of steps) {
    const { lane, position, keyId, now } = row
    keys.move(lane, at.get(lane) ?? span.after, position)
    at.set(lane, position)
    if (known === undefined) continue
    const key = row.key ?? feed.identity.keyOf?.(reparse(feed, row.raw).event) ?? ''
    const complete =
      now?.generation === stored.generation ? now.complete : isGapless || isComplete(known, row.voided ?? [])
    const json = JSON.stringify(present(state, { ...known, key, complete }))
    keys.set(lane, keyId, known, json.length)
    changes.push({ lane, position, keyId, json })
  }
  return changes
}

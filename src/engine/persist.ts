import type { CompiledTable } from '../feed/table.ts'
import { insertEvents } from '../store/write/events.ts'
import { insertHeld } from '../store/write/held.ts'
import { insertClosedHoles } from '../store/write/holes.ts'
import { insertKeys, updateKeys } from '../store/write/keys.ts'
import { advanceLanes, type LaneChange } from '../store/write/lanes.ts'
import { closeLetters, upsertLetters } from '../store/write/letters.ts'
import { insertSeen } from '../store/write/seen.ts'
import { insertSnapshots } from '../store/write/snapshots.ts'
import { advanceSource } from '../store/write/sources.ts'
import { insertRows, upsertRows } from '../store/write/tables.ts'
import type { Batch } from './batch.ts'
import type { Applied, PendingLetter } from './effects.ts'
import { fixFacts } from './facts.ts'
import { failpoint } from './failpoint.ts'
import { refoldKeys } from './refold.ts'

/** Writes all that a batch decided. The statements are sent one behind the other; the last answer tells of all. */
export async function persist(batch: Batch, leaf: string): Promise<void> {
  const { client, stored, effects, opened } = batch
  const lanes = laneChanges(batch)
  await fixFacts(batch)
  if (effects.applied.length > 0) {
    await failpoint('record')
    givePositions(batch)
    await insertEvents(client, stored.id, leaf, opened.nowMicros, effects.applied)
    await failpoint('tables')
    for (const table of batch.feed.tables) await writeTable(batch, table)
  }
  await failpoint('held')
  if (effects.held.length > 0) await insertHeld(client, stored.id, opened.nowMicros, effects.held)
  if (effects.closedHoles.length > 0) await insertClosedHoles(client, stored.id, opened.nowMicros, effects.closedHoles)
  if (effects.seen.length > 0) await insertSeen(client, stored.id, opened.nowMicros, effects.seen)
  for (const source of effects.sources)
    await advanceSource(client, source.id, source.nextOffset, source.digest, source.isComplete)
  await failpoint('refold')
  await refoldKeys(batch)
  await failpoint('letters')
  await writeLetters(batch)
  if (effects.snapshots.length > 0) await insertSnapshots(client, stored.id, effects.snapshots)
  await failpoint('keys')
  const fresh = effects.keys.filter(key => key.isNew)
  const known = fresh.length === 0 ? effects.keys : effects.keys.filter(key => !key.isNew)
  if (fresh.length > 0) await insertKeys(client, stored.id, fresh)
  if (known.length > 0) await updateKeys(client, stored.id, known)
  await failpoint('lanes')
  await advanceLanes(client, stored.id, lanes)
}

/** Positions are given out here, in the order in which events are written. */
function laneChanges({ opened, effects, stored }: Batch): LaneChange[] {
  const counts = new Map<number, number>()
  for (const { lane } of effects.applied) counts.set(lane, (counts.get(lane) ?? 0) + 1)
  return [...opened.lanes.values()].map(({ lane, position, keys }) => ({
    lane,
    position: position + (counts.get(lane) ?? 0),
    keys: keys + (effects.newKeys.get(lane) ?? 0),
    generation: stored.generation,
  }))
}

/** Gapless by lane, in the order in which the events are written. */
function givePositions({ opened, effects }: Batch): void {
  const positions = new Map([...opened.lanes.values()].map(({ lane, position }) => [lane, position]))
  for (const applied of effects.applied) {
    applied.position = (positions.get(applied.lane) ?? 0) + 1
    positions.set(applied.lane, applied.position)
  }
}

async function writeTable(batch: Batch, table: CompiledTable): Promise<void> {
  const { when } = table
  const applied =
    when === undefined ? batch.effects.applied : batch.effects.applied.filter(({ type }) => when.has(type))
  if (applied.length === 0) return
  if (table.rows === 'each') return insertRows(batch.client, table, applied)
  const latest = new Map<number, Applied>()
  for (const one of applied) if (!one.isLate && one.keyId !== undefined) latest.set(one.keyId, one)
  if (latest.size > 0) await upsertRows(batch.client, table, [...latest.values()])
}

/** The same bytes twice in one batch are one letter, counted twice. */
async function writeLetters(batch: Batch): Promise<void> {
  const { effects, client, stored, opened } = batch
  const grouped = new Map<string, PendingLetter[]>()
  for (const letter of effects.letters) {
    const digest = letter.digest.toString('latin1')
    const same = grouped.get(digest)
    if (same === undefined) grouped.set(digest, [letter])
    else same.push(letter)
  }
  if (grouped.size > 0) {
    const groups = [...grouped.values()]
    const ids = await upsertLetters(
      client,
      stored.id,
      opened.nowMicros,
      groups.map(group => ({ ...(group[0] as PendingLetter), count: group.length })),
    )
    for (const [index, group] of groups.entries())
      for (const letter of group) for (const work of letter.works) work.outcome = letter.outcomeOf(ids[index] ?? 0)
  }
  if (effects.replayedLetters.length > 0) await closeLetters(client, stored.id, effects.replayedLetters, 'replayed')
  if (effects.dismissedLetters.length > 0) await closeLetters(client, stored.id, effects.dismissedLetters, 'dismissed')
}

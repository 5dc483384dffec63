import { GroundstationError } from '../errors.ts'
import type { CompiledTable } from '../feed/table.ts'
import { insertAlerts } from '../store/write/alerts.ts'
import { insertEvents } from '../store/write/events.ts'
import { gather } from '../store/write/gather.ts'
import { insertHeld } from '../store/write/held.ts'
import { insertClosedHoles } from '../store/write/holes.ts'
import { insertKeys, updateKeys } from '../store/write/keys.ts'
import { advanceLanes, type LaneChange } from '../store/write/lanes.ts'
import { closeLetters, upsertLetters } from '../store/write/letters.ts'
import { insertSeen } from '../store/write/seen.ts'
import { insertSnapshots } from '../store/write/snapshots.ts'
import { advanceSources } from '../store/write/sources.ts'
import { insertRows, putLatest, type RowSource } from '../store/write/tables.ts'
import { raisedBy } from './alerts.ts'
import type { Batch } from './batch.ts'
import type { Applied, PendingLetter } from './effects.ts'
import { fixFacts } from './facts.ts'
import { failpoint } from './failpoint.ts'
import { latestRows, latestTables } from './latest.ts'
import { fixNumbers } from './numbers.ts'
import { refoldKeys } from './refold.ts'

/**
 * Writes all that a batch decided, and commits. On a pipelined connection the statements go out together and share one
 * round trip; should one fail, those behind it fail too, and the commit rolls back.
 */
export async function persist(batch: Batch, leaf: string, onCommit: () => void): Promise<void> {
  await fixFacts(batch)
  await fixNumbers(batch)
  const sent = new Sent(batch.mode === 'arrays')
  const release = isOneFlight(batch) ? gather(batch.client) : undefined
  try {
    await write(batch, leaf, sent, onCommit)
    release?.()
  } catch (error) {
    release?.()
    // What failed first is the cause, though a later statement may have been the first to be waited for.
    await sent.all()
    throw error
  }
  await sent.all()
}

/** Whether nothing has to be read between the statements: only then may they be kept together. */
const isOneFlight = ({ mode, effects }: Batch): boolean =>
  mode === 'arrays' && effects.refolds.length === 0 && !effects.applied.some(({ isLate }) => isLate)

async function write(batch: Batch, leaf: string, sent: Sent, onCommit: () => void): Promise<void> {
  const { client, stored, effects, opened, mode } = batch
  if (effects.applied.length > 0) {
    givePositions(batch)
    await writeApplied(batch, leaf, sent)
  }
  await failpoint('held')
  if (effects.held.length > 0) await sent.add(insertHeld(client, stored.id, effects.held))
  if (effects.closedHoles.length > 0)
    await sent.add(insertClosedHoles(client, stored.id, opened.nowMicros, effects.closedHoles))
  if (effects.seen.length > 0) await sent.add(insertSeen(client, stored.id, opened.nowMicros, effects.seen, mode))
  if (effects.sources.size > 0) await sent.add(advanceSources(client, [...effects.sources.values()]))
  await failpoint('refold')
  if (effects.refolds.length > 0) await refoldKeys(batch)
  await settleLatest(batch)
  await failpoint('letters')
  if (effects.letters.length > 0) await sent.add(writeLetters(batch))
  if (effects.replayedLetters.length > 0)
    await sent.add(closeLetters(client, stored.id, effects.replayedLetters, 'replayed'))
  if (effects.dismissedLetters.length > 0)
    await sent.add(closeLetters(client, stored.id, effects.dismissedLetters, 'dismissed'))
  if (effects.snapshots.length > 0) await sent.add(insertSnapshots(client, stored.id, effects.snapshots))
  await failpoint('keys')
  const fresh = effects.keys.filter(key => key.isNew)
  const known = fresh.length === 0 ? effects.keys : effects.keys.filter(key => !key.isNew)
  if (fresh.length > 0) await sent.add(insertKeys(client, stored.id, fresh, mode))
  if (known.length > 0) await sent.add(updateKeys(client, stored.id, known))
  await failpoint('lanes')
  if (effects.changesKeys) await sent.add(advanceLanes(client, stored.id, laneChanges(batch)))
  await failpoint('alerts')
  // Last: whoever raises alerts on the same stream waits for this one's commit.
  for (const [stream, alerts] of raisedBy(batch)) await sent.add(insertAlerts(client, stored.id, stream, alerts))
  await failpoint('commit')
  onCommit()
  await sent.add(client.query('commit').then(requireCommit))
}

/** Puts the batch's events on the record, and what they give into the tables. */
export async function writeApplied(batch: Batch, leaf: string, sent: Sent): Promise<void> {
  const { client, stored, effects, opened, mode } = batch
  await failpoint('record')
  await sent.add(insertEvents(client, stored.id, leaf, opened.nowMicros, effects.applied, mode))
  await failpoint('tables')
  for (const table of batch.feed.tables) await sent.add(writeTable(batch, table))
}

/** PostgreSQL answers a commit of a failed transaction with ROLLBACK, and no error. */
function requireCommit({ command }: { command: string }): void {
  if (command !== 'COMMIT') throw new GroundstationError('INTERNAL', `A commit was answered with ${command}`)
}

/** Statements on their way. One by one, or all at once where the connection is pipelined. */
export class Sent {
  readonly #isPipelined: boolean
  readonly #promises: Promise<void>[] = []

  constructor(isPipelined: boolean) {
    this.#isPipelined = isPipelined
  }

  add(promise: Promise<void>): Promise<void> | undefined {
    if (!this.#isPipelined) return promise
    // Its failure is told by `all`; until then it must not count as nobody's.
    promise.catch(() => undefined)
    this.#promises.push(promise)
    return undefined
  }

  /** The first failure in the order sent is the cause; those behind it only follow. */
  async all(): Promise<void> {
    for (const promise of this.#promises) await promise
  }
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
export function givePositions({ opened, effects }: Batch): void {
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
  if (table.rows === 'each') return insertRows(batch.client, table, applied, undefined, batch.mode)
  const latest = latestOf(applied)
  if (latest.length > 0) await putLatest(batch.client, table, latest)
}

/** Each key's newest event, with the arrival of its first; what came late is not the newest, or `settleLatest` will say. */
function latestOf(applied: readonly Applied[]): RowSource[] {
  const newest = new Map<number, RowSource>()
  const first = new Map<number, number>()
  for (const one of applied) {
    if (one.keyId === undefined) continue
    const firstArrivedMicros = first.get(one.keyId) ?? one.arrivedMicros
    first.set(one.keyId, firstArrivedMicros)
    if (!one.isLate) newest.set(one.keyId, { ...one, firstArrivedMicros })
  }
  return [...newest.values()]
}

/**
 * Where an event came late, the record says which is the newest: a table of some types may have none above it, and a
 * number above may have been voided. What has a rank below the latest of all types changes no table of all types.
 */
async function settleLatest({ client, feed, stored, effects }: Batch): Promise<void> {
  const tables = latestTables(feed)
  if (tables.length === 0) return
  const ranked = new Set<number>()
  const others = new Set<number>(effects.unsettled)
  for (const { isLate, keyId } of effects.applied)
    if (isLate && keyId !== undefined && !others.has(keyId))
      (feed.identity.rankOf === undefined ? others : ranked).add(keyId)
  const typed = tables.filter(({ when }) => when !== undefined)
  for (const [keys, some] of [
    [others, tables],
    [ranked, typed],
  ] as const) {
    if (keys.size === 0 || some.length === 0) continue
    for (const [table, rows] of await latestRows(client, feed, stored.id, [...keys], some))
      if (rows.length > 0) await putLatest(client, table, rows)
  }
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
      for (const letter of group) {
        letter.onId?.(ids[index] ?? 0)
        for (const work of letter.works) work.outcome = letter.outcomeOf(ids[index] ?? 0)
      }
  }
}

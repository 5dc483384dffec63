import { type Batch, newBatch } from '../engine/batch.ts'
import { reparse } from '../engine/decide/reparse.ts'
import type { MutableKey } from '../engine/effects.ts'
import { highestRank } from '../engine/latest.ts'
import { refoldKeys } from '../engine/refold.ts'
import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { parseExactly } from '../feed/exact.ts'
import { canonical, digestOf } from '../feed/same.ts'
import { type Key, waitingSince } from '../sequencer/key.ts'
import type { StoredFeed } from '../store/feed.ts'
import { deleteKeys, derivedDigest, type KeyNumbers, loadNumbers } from '../store/replay/keys.ts'
import type { Client } from '../store/store.ts'
import { loadKeyEvents } from '../store/write/events.ts'
import { loadKeys, updateKeys } from '../store/write/keys.ts'
import { advanceLanes, openBatch } from '../store/write/lanes.ts'
import { upsertLetters } from '../store/write/letters.ts'
import { rebuildCursor } from './cursor.ts'
import type { LatestTables } from './latest.ts'
import type { ReplayCounts } from './report.ts'

export type KeysPart = {
  readonly client: Client
  readonly feed: CompiledFeed
  readonly stored: StoredFeed
  readonly from: number
  readonly dry: boolean
  readonly isState: boolean
  readonly latest: LatestTables | undefined
  readonly counts: ReplayCounts
}

/**
 * Folds some keys of one lane again, as one transaction under the lane's lock: a heal of each, from its beginning. Each
 * key is as it was before or as it is after; where nothing came out otherwise, nothing is written.
 */
export async function replayKeys(part: KeysPart, lane: number, names: readonly string[]): Promise<void> {
  const { client, feed, stored, counts, dry } = part
  const opened = await openBatch(client, stored.id, [lane])
  if ((opened.lanes.get(lane)?.generation ?? 0) > stored.generation)
    throw new GroundstationError('DECLARATION_OLDER', `A newer declaration of the feed ${feed.name} has written since`)
  const batch = newBatch({ feed, stored, client, opened, memories: new Map() })
  const before = (await loadKeys(client, stored.id, names)).map(key => ({ ...key, isNew: false }))
  const ids = before.map(key => key.id)
  const derivedBefore = await derivedDigest(client, stored.id, ids, names)
  const numbers = new Map((await loadNumbers(client, stored.id, ids)).map(one => [one.id, one]))
  const kept = before.filter(key => !isEmpty(numbers.get(key.id)))
  const emptyIds = ids.filter(id => isEmpty(numbers.get(id)))
  const after = kept.map(key => ({ ...key }))
  let isChanged = part.latest !== undefined && (await part.latest.settle(before, kept))
  if (part.isState) {
    for (const key of after) await prepare(batch, key, numbers.get(key.id), part.from)
    const changed = await refold(
      batch,
      after,
      kept.map(key => (isDueWrong(key, numbers.get(key.id)) ? '' : shown(key))),
    )
    const isDerivedChanged = derivedBefore !== (await derivedDigest(client, stored.id, ids, names))
    if (emptyIds.length > 0) await deleteKeys(client, stored.id, emptyIds)
    counts.keysChanged += changed === 0 && isDerivedChanged ? 1 : changed
    counts.keysRemoved += emptyIds.length
    if (changed > 0 || isDerivedChanged || emptyIds.length > 0) {
      isChanged = true
      // Whatever any process remembers of the lane's keys is no longer true.
      const lanes = [...opened.lanes.values()].map(one => ({ ...one, generation: stored.generation }))
      await advanceLanes(client, stored.id, lanes)
    }
  }
  await client.query(isChanged && !dry ? 'commit' : 'rollback')
  counts.keys += kept.length
}

/** Folds the keys again, with the engine's own heal, and writes those that came out otherwise; how many. */
async function refold(batch: Batch, keys: readonly MutableKey[], before: readonly string[]): Promise<number> {
  const { client, stored, effects, opened } = batch
  await refoldKeys(batch)
  const letters = effects.letters.map(letter => ({ ...letter, count: 1 }))
  if (letters.length > 0) await upsertLetters(client, stored.id, opened.nowMicros, letters)
  const changed = keys.filter((key, index) => shown(key) !== before[index])
  if (changed.length > 0) await updateKeys(client, stored.id, changed)
  return changed.length
}

const isEmpty = (numbers: KeyNumbers | undefined): boolean =>
  numbers === undefined || (numbers.events === 0 && numbers.held === null && numbers.dismissed === null)

/** When the sweep looks at a key is kept twice: in its spans, and beside them for the index. */
const isDueWrong = (key: Key, numbers: KeyNumbers | undefined): boolean =>
  Math.abs((waitingSince(key.cursor) ?? 0) - (numbers?.waitingSinceMs ?? 0)) > 1

/** What the record alone says of the key; its state follows from the refold. */
async function prepare(batch: Batch, key: MutableKey, numbers: KeyNumbers | undefined, from: number): Promise<void> {
  const { feed, stored, client, effects } = batch
  if (numbers === undefined) return
  const { kind, isSparse } = feed.identity
  key.cursor =
    kind !== 'sequenced'
      ? { frontier: numbers.last, missing: [], voided: [], held: [] }
      : rebuildCursor(key.cursor, numbers, isSparse, batch.opened.nowMicros / 1000)
  key.events = numbers.events
  const [last] = await loadKeyEvents(client, stored.id, key.id, numbers.last - 1, numbers.last, 1)
  const time = last === undefined ? undefined : feed.identity.timeOf?.(reparse(feed, last.raw).event)
  key.time = typeof time === 'string' ? time : null
  key.rank = kind === 'versioned' ? await highestRank(client, feed, stored.id, key.id) : null
  key.digest = kind === 'snapshot' && last !== undefined ? digestOf(parseExactly(last.raw)) : null
  // What an older declaration folded has nothing to go on from.
  if (feed.state !== undefined) effects.refolds.push({ key, from: key.generation === stored.generation ? from : 1 })
  else key.state = null
  key.generation = stored.generation
}

const shown = (key: MutableKey): string =>
  canonical({
    ...key,
    digest: key.digest?.toString('hex') ?? null,
    rank: key.rank?.toString('hex') ?? null,
    state: JSON.parse(JSON.stringify(key.state ?? null)),
  })

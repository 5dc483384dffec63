import { parseExactly } from '../../feed/exact.ts'
import { proofOf } from '../../feed/proof.ts'
import { digestOf } from '../../feed/same.ts'
import { arrivalOf, type Batch } from '../batch.ts'
import type { Applied, MutableKey } from '../effects.ts'
import type { EventWork } from '../work.ts'
import { settleDuplicate } from './compare.ts'
import { foldApplied, type ToFold } from './folding.ts'
import { groupByKey, type KeyedWork, resolveKeys } from './keys.ts'
import { timeOf } from './sequenced.ts'

/** Compared with its key's latest version: what differs is the next version, what doesn't is nothing. */
export async function decideSnapshots(batch: Batch, works: readonly KeyedWork[]): Promise<void> {
  const { reading } = batch.feed
  const groups = groupByKey(works)
  const keys = await resolveKeys(batch, groups)
  const toFold: ToFold[] = []
  for (const group of groups.values()) {
    const key = keys.get(group.name)
    if (key === undefined) continue
    const applied: Applied[] = []
    const proved = key.rawDigest
    for (const work of group.works) {
      if (work.kind !== 'event') continue
      const digest = digestOf(parseExactly(work.parsed.raw.toString('utf8')))
      const isSame = key.digest?.equals(digest) === true
      if (reading !== undefined) key.rawDigest = proofOf(digest, reading, work.parsed.raw)
      if (isSame) settleDuplicate(batch, work)
      else {
        key.digest = digest
        key.cursor = { ...key.cursor, frontier: key.cursor.frontier + 1 }
        applied.push(versionOf(batch, work, { key, version: key.cursor.frontier, isLate: false }))
        work.outcome = { outcome: 'accepted', version: key.cursor.frontier }
      }
    }
    const mustRefold = group.works.some(work => work.kind === 'refold')
    if (applied.length === 0 && !mustRefold) {
      // The same in other bytes: those are likely to come again.
      if (!isSameBytes(key.rawDigest, proved)) batch.effects.keys.push(key)
      continue
    }
    key.events += applied.length
    key.time = applied.at(-1)?.time ?? key.time
    toFold.push({
      key,
      applied,
      lateFrom: undefined,
      mustRefold: mustRefold || key.generation !== batch.stored.generation,
    })
    key.generation = batch.stored.generation
    for (const one of applied) batch.effects.applied.push(one)
    batch.effects.keys.push(key)
  }
  foldApplied(batch, toFold)
}

const isSameBytes = (first: Buffer | null, second: Buffer | null): boolean =>
  first === second || (first !== null && second !== null && first.equals(second))

type Version = { readonly key: MutableKey; readonly version: number; readonly isLate: boolean }

/** An event as the next version of its key. */
export function versionOf(batch: Batch, work: EventWork, { key, version, isLate }: Version): Applied {
  if (work.corrects !== undefined) batch.effects.replayedLetters.push(work.corrects)
  const { raw, event, type } = work.parsed
  return {
    lane: key.lane,
    keyId: key.id,
    sequence: version,
    raw,
    event,
    type,
    time: timeOf(batch, event),
    arrivedMicros: arrivalOf(batch, work),
    source: undefined,
    offset: undefined,
    isLate,
    headers: work.headers,
    facts: undefined,
    position: 0,
  }
}

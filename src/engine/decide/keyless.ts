import { parseExactly } from '../../feed/exact.ts'
import { digestOf, without } from '../../feed/same.ts'
import { findSeen } from '../../store/write/seen.ts'
import { arrivalOf, type Batch } from '../batch.ts'
import { ACCEPTED, type EventWork, offsetIn } from '../work.ts'
import { addConflict, settleDuplicate } from './compare.ts'
import type { Passed } from './logs.ts'
import { timeOf } from './sequenced.ts'
import { decideVersions } from './versions.ts'

/** Unique: what is new by its id is applied, as a version of its key where the feed has an order. */
export async function decideUnique(batch: Batch, works: readonly EventWork[]): Promise<void> {
  const fresh = await unseen(batch, works)
  const { rankOf } = batch.feed.identity
  if (rankOf !== undefined) await decideVersions(batch, fresh, rankOf)
  else for (const work of fresh) apply(batch, work, undefined, undefined)
}

/** An id that was seen is a duplicate, or a conflict where its content is another. The rest is returned. */
async function unseen(batch: Batch, works: readonly EventWork[]): Promise<EventWork[]> {
  const ids = [...new Set(works.map(work => work.parsed.id))]
  const seen = new Map((await findSeen(batch.client, batch.stored.id, ids)).map(({ id, digest }) => [id, digest]))
  const timePath = batch.feed.identity.timePath?.split('.') ?? []
  const fresh: EventWork[] = []
  for (const work of works) {
    const { id, raw } = work.parsed
    const content = parseExactly(raw.toString('utf8'))
    const digest = digestOf(timePath.length === 0 ? content : without(content, timePath))
    const known = seen.get(id)
    if (known === undefined) {
      seen.set(id, digest)
      batch.effects.seen.push({ id, digest })
      fresh.push(work)
    } else if (known.equals(digest)) settleDuplicate(batch, work)
    else addConflict(batch, work)
  }
  return fresh
}

/** Position: whatever is passed on is new. */
export function decidePositions(batch: Batch, works: readonly EventWork[], sources: Passed['sources']): void {
  for (const work of works) {
    const { log } = work
    if (log === undefined) apply(batch, work, undefined, undefined)
    else apply(batch, work, sources.get(log), offsetIn(log, work.index))
  }
}

function apply(batch: Batch, work: EventWork, source: number | undefined, offset: number | undefined): void {
  const { raw, event, type } = work.parsed
  work.outcome = ACCEPTED
  if (work.corrects !== undefined) batch.effects.replayedLetters.push(work.corrects)
  batch.effects.applied.push({
    lane: work.lane,
    keyId: undefined,
    sequence: 0,
    raw,
    event,
    type,
    time: timeOf(batch, event),
    arrivedMicros: arrivalOf(batch, work),
    source,
    offset,
    isLate: false,
    headers: work.headers,
    facts: undefined,
    position: 0,
  })
}

import { GroundstationError } from '../../errors.ts'
import { parseExactly } from '../../feed/exact.ts'
import { digestOf, without } from '../../feed/same.ts'
import { findSeen } from '../../store/write/seen.ts'
import { lockSource, type SourceRow } from '../../store/write/sources.ts'
import type { Batch } from '../batch.ts'
import { ACCEPTED, DUPLICATE, type EventWork, type LogChunk, type RefusedWork } from '../work.ts'
import { addConflict, settleDuplicate } from './compare.ts'
import { timeOf } from './sequenced.ts'

/** Unique: an id that was seen is a duplicate, or a conflict where its content is another. */
export async function decideUnique(batch: Batch, works: readonly EventWork[]): Promise<void> {
  const ids = [...new Set(works.map(work => work.parsed.key))]
  const seen = new Map((await findSeen(batch.client, batch.stored.id, ids)).map(({ id, digest }) => [id, digest]))
  const timePath = batch.feed.identity.timePath?.split('.') ?? []
  for (const work of works) {
    const { key, raw } = work.parsed
    const content = parseExactly(raw.toString('utf8'))
    const digest = digestOf(timePath.length === 0 ? content : without(content, timePath))
    const known = seen.get(key)
    if (known === undefined) {
      seen.set(key, digest)
      batch.effects.seen.push({ id: key, digest })
      apply(batch, work, undefined, undefined)
    } else if (known.equals(digest)) settleDuplicate(batch, work)
    else addConflict(batch, work)
  }
}

/** Position: an offset below the log's next is a duplicate. A chunk that leaves one out is refused whole. */
export async function decidePositions(
  batch: Batch,
  works: readonly (EventWork | RefusedWork)[],
): Promise<RefusedWork[]> {
  const chunks = new Map<LogChunk, (EventWork | RefusedWork)[]>()
  const refused: RefusedWork[] = []
  for (const work of works) {
    if (work.log === undefined) {
      if (work.kind === 'event') apply(batch, work, undefined, undefined)
      else refused.push(work)
    } else {
      const chunk = chunks.get(work.log)
      if (chunk === undefined) chunks.set(work.log, [work])
      else chunk.push(work)
    }
  }
  const sources = new Map<string, SourceRow & { nextOffset: number }>()
  for (const log of [...chunks.keys()].sort(byName)) {
    const source = sources.get(log.name) ?? { ...(await lockSource(batch.client, batch.stored.id, log.name)) }
    if (log.from > source.nextOffset) {
      log.ticket.fail(
        new GroundstationError(
          'SOURCE_CONFLICT',
          `${log.name} is known up to offset ${source.nextOffset}, and ${log.from} came next: read it again from there`,
        ),
      )
      continue
    }
    for (const work of chunks.get(log) ?? []) {
      const offset = log.first + work.index
      if (offset < source.nextOffset) work.outcome = DUPLICATE
      else if (work.kind === 'event') apply(batch, work, source.id, offset)
      else refused.push(work)
    }
    if (log.to < source.nextOffset) continue
    batch.effects.sources.push({
      id: source.id,
      nextOffset: log.to,
      digest: log.digest,
      isComplete: log.isComplete === true,
    })
    sources.set(log.name, { ...source, nextOffset: log.to })
  }
  return refused
}

// Chunks of one log keep the order they were submitted in: the sort is stable.
const byName = (a: LogChunk, b: LogChunk) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

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
    arrivedMicros: batch.opened.nowMicros,
    source,
    offset,
    isLate: false,
    facts: undefined,
    position: 0,
  })
}

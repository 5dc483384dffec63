import { GroundstationError } from '../../errors.ts'
import { lockSources, type SourceRow } from '../../store/write/sources.ts'
import type { Batch } from '../batch.ts'
import { logOf } from '../queue.ts'
import { DUPLICATE, type LogChunk, offsetIn, type Work } from '../work.ts'

export type Passed = {
  /** What is still to be decided. */
  readonly works: readonly Work[]
  /** The number of each log that moves on. */
  readonly sources: ReadonlyMap<LogChunk, number>
}

/**
 * Moves the logs of a batch on, under their rows' locks. An offset below the log's next is a duplicate. A chunk that leaves
 * one out, or comes from who has lost the log to another, is refused whole, and the rest goes on. So is one with a digest
 * that begins below the log's next: only who sent it can prove that it is what the log has.
 */
export async function passLogs(batch: Batch, works: readonly Work[]): Promise<Passed> {
  const chunks = new Set<LogChunk>()
  for (const work of works) {
    const log = logOf(work)
    if (log !== undefined) chunks.add(log)
  }
  if (chunks.size === 0) return { works, sources: new Map() }
  const names = [...new Set([...chunks].map(({ name }) => name))].sort()
  const rows = new Map((await lockSources(batch.client, batch.stored.id, names)).map(row => [row.name, row]))
  const passing = new Map<LogChunk, SourceRow>()
  const refused = new Map<LogChunk, GroundstationError>()
  for (const chunk of chunks) {
    const row = rows.get(chunk.name)
    if (row === undefined) continue
    const refusal = refusalOf(chunk, row)
    if (refusal !== undefined) {
      refused.set(chunk, refusal)
      continue
    }
    passing.set(chunk, row)
    rows.set(chunk.name, { ...row, nextOffset: Math.max(row.nextOffset, chunk.to) })
  }
  for (const [chunk, { id, nextOffset }] of passing) {
    const { to, digest, isComplete } = chunk
    if (to < nextOffset) continue
    const cursor = cursorOf(chunk, works)
    batch.effects.sources.set(id, { id, nextOffset: to, digest, isComplete: isComplete === true, cursor })
  }
  return { works: works.filter(work => isNew(work, passing, refused)), sources: idsOf(passing) }
}

/** Asked for when the batch is written: by then it is decided what becomes of the events. */
function cursorOf(chunk: LogChunk, works: readonly Work[]): (() => unknown) | undefined {
  const { cursor } = chunk
  if (cursor === undefined) return undefined
  return () => cursor(works.filter(work => work.kind !== 'pass' && logOf(work) === chunk).map(({ outcome }) => outcome))
}

function isNew(
  work: Work,
  passing: ReadonlyMap<LogChunk, SourceRow>,
  refused: ReadonlyMap<LogChunk, GroundstationError>,
): boolean {
  const log = logOf(work)
  if (log === undefined) return true
  const row = passing.get(log)
  work.refusedFor = refused.get(log)
  if (row !== undefined && offsetIn(log, work.index) >= row.nextOffset) return true
  work.outcome = DUPLICATE
  return false
}

function refusalOf({ name, from, epoch, mayOverlap }: LogChunk, row: SourceRow): GroundstationError | undefined {
  if (epoch !== undefined && epoch !== row.epoch)
    return new GroundstationError('SOURCE_FENCED', `${name} was taken over by another worker`)
  if (from === row.nextOffset || (from < row.nextOffset && mayOverlap)) return undefined
  return new GroundstationError(
    'SOURCE_CONFLICT',
    `${name} is known up to offset ${row.nextOffset}, and ${from} came next: read it again from there`,
  )
}

const idsOf = (passing: ReadonlyMap<LogChunk, SourceRow>): Map<LogChunk, number> =>
  new Map([...passing].map(([chunk, { id }]) => [chunk, id]))

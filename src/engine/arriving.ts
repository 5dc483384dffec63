import type { Parsed } from '../feed/parse.ts'
import { laneOf } from '../sequencer/lane.ts'
import type { StoredFeed } from '../store/feed.ts'
import { letterDigest } from '../store/write/letters.ts'
import type { Headers, LogPosition, Origin } from './contract.ts'
import type { EventWork, LogChunk, RefusedWork, Ticket } from './work.ts'

export const laneIn = (stored: StoredFeed, key: string): number => laneOf(key, stored.lanes, stored.laneHash)

/** The part of a log that a submission carries. */
export function chunkOf(log: LogPosition, count: number, ticket: Ticket, stored: StoredFeed): LogChunk {
  const lane = log.lane === undefined ? laneIn(stored, log.name) : log.lane % stored.lanes
  const to = log.next ?? log.first + count
  return { ...log, from: log.first, to, mayOverlap: log.digest === undefined, ticket, lane }
}

/** What is known of an event beside its bytes. */
export type Arriving = {
  readonly ticket: Ticket
  readonly index: number
  readonly enqueuedMs: number
  readonly origin: Origin
  readonly log: LogChunk | undefined
  readonly corrects: number | undefined
  readonly headers: Headers | undefined
  readonly lane: number
  readonly arrivedMicros: number | undefined
}

/** A work, in the lane of its key; what has none goes with its log, or where its bytes say, so that repeats meet. */
export function workOf(parsed: Parsed, raw: Buffer, arriving: Arriving, stored: StoredFeed): EventWork | RefusedWork {
  const { ticket, index, enqueuedMs, origin, log, corrects, headers, arrivedMicros } = arriving
  let { lane } = arriving
  if (parsed.ok) {
    if (parsed.key !== '') lane = laneIn(stored, parsed.key)
    const common = { lane, ticket, index, enqueuedMs, origin, log, outcome: undefined }
    const idLane = parsed.id === parsed.key ? undefined : laneIn(stored, parsed.id)
    return { ...common, kind: 'event', parsed, idLane, corrects, headers, arrivedMicros }
  }
  const { refusal } = parsed
  if (log === undefined)
    lane = refusal.key === undefined ? (letterDigest(raw)[0] ?? 0) % stored.lanes : laneIn(stored, refusal.key)
  return { kind: 'refused', lane, ticket, index, enqueuedMs, raw, refusal, origin, log, outcome: undefined }
}

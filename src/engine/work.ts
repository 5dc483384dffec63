import type { GroundstationError } from '../errors.ts'
import type { ParsedEvent, Refusal } from '../feed/parse.ts'
import type { Headers, LogPosition, Origin, Outcome } from './contract.ts'

/** One submission's answer: resolves when each of its events has an outcome. */
export class Ticket {
  readonly outcomes: Outcome[]
  readonly promise: Promise<Outcome[]>
  #remaining: number
  #isFailed = false
  #resolve: (outcomes: Outcome[]) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor(count: number) {
    this.outcomes = new Array<Outcome>(count)
    this.#remaining = count
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // A submitter that left doesn't make its failure the process's.
    this.promise.catch(() => undefined)
    if (count === 0) this.#resolve(this.outcomes)
  }

  settle(index: number, outcome: Outcome): void {
    this.outcomes[index] = outcome
    if (--this.#remaining === 0) this.#resolve(this.outcomes)
  }

  get isFailed(): boolean {
    return this.#isFailed
  }

  fail(error: unknown): void {
    this.#isFailed = true
    this.#reject(error)
  }
}

type Common = {
  readonly lane: number
  readonly ticket: Ticket
  readonly index: number
  readonly enqueuedMs: number
  /** Why nothing of it is applied, told once the batch is committed: what it is refused for may be in the same batch. */
  refusedFor?: GroundstationError | undefined
}

export type EventWork = Common & {
  readonly kind: 'event'
  readonly parsed: ParsedEvent
  /** Where its id belongs, if not where its key does: whoever holds both lanes alone decides on both. */
  readonly idLane: number | undefined
  readonly origin: Origin
  readonly log: LogChunk | undefined
  readonly corrects: number | undefined
  readonly headers: Headers | undefined
  /** Microseconds since 1970, where it came in before it was submitted. */
  readonly arrivedMicros: number | undefined
  outcome: Outcome | undefined
}

export type RefusedWork = Common & {
  readonly kind: 'refused'
  readonly raw: Buffer
  readonly refusal: Refusal
  readonly origin: Origin
  readonly log: LogChunk | undefined
  outcome: Outcome | undefined
}

/** Dismisses a dead letter, and voids its number. */
export type DismissalWork = Common & {
  readonly kind: 'dismissal'
  readonly key: string
  readonly sequence: number
  readonly deadLetter: number
  outcome: Outcome | undefined
}

/** Releases a key's holes whose wait is over. */
export type ReleaseWork = Common & {
  readonly kind: 'release'
  readonly key: string
  readonly dueBeforeMs: number
  outcome: Outcome | undefined
}

/** Folds a key again from its record. */
export type RefoldWork = Common & { readonly kind: 'refold'; readonly key: string; outcome: Outcome | undefined }

/** Moves a log on past what is no event for the engine. */
export type PassWork = Common & { readonly kind: 'pass'; readonly log: LogChunk; outcome: Outcome | undefined }

export type Work = EventWork | RefusedWork | DismissalWork | ReleaseWork | RefoldWork | PassWork

/** The part of a log that one submission carries, from one offset to before another; it is applied whole or not at all. */
export type LogChunk = LogPosition & {
  readonly from: number
  readonly to: number
  readonly ticket: Ticket
  /** Whether what the log has already is a duplicate unseen; not where digests can tell. */
  readonly mayOverlap: boolean
  /** The lane in whose writer's queue it waits: a chunk isn't cut, whatever lanes its events are in. */
  readonly lane: number
}

/** An event's own offset in its log. */
export const offsetIn = ({ first, offsetOf }: LogChunk, index: number): number => offsetOf?.(index) ?? first + index

/** Bytes that a work keeps in memory while it waits. */
export const bytesOf = (work: Work): number =>
  work.kind === 'event' ? work.parsed.raw.length : work.kind === 'refused' ? work.raw.length : 64

export const ACCEPTED: Outcome = { outcome: 'accepted' }
export const DUPLICATE: Outcome = { outcome: 'duplicate' }

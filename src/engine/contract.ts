import type { CompiledFeed } from '../feed/compile.ts'
import type { Standing } from '../feed/state.ts'

/** What became of one event. Durable by the time it is told. */
export type Outcome =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'held'; readonly waitingFor: number }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'conflict'; readonly deadLetter: number }
  | {
      readonly outcome: 'rejected'
      readonly deadLetter: number
      readonly reason: string
      readonly message: string
      /** JSON Pointer. */
      readonly pointer: string
    }

/** Where events came from, as their dead letters tell it: `{ http: '/messages' }`, `{ file: 'a.ndjson', line: 17 }`. */
export type Origin = Readonly<Record<string, string | number>>

/** A log that events are read from by offset: a file, a request with an idempotency key, a topic's partition. */
export type LogPosition = {
  /** Names the log within its feed. */
  readonly name: string
  /** The offset of the first event submitted. */
  readonly first: number
  /** SHA-256 of the log's bytes up to and with the last event submitted; kept beside the offset that follows. */
  readonly digest?: Buffer
  /** The log ends with these events. */
  readonly isComplete?: boolean
}

export type KnownLog = { readonly nextOffset: number; readonly digest: Buffer | null; readonly isComplete: boolean }

export type Submission = {
  /** One event each, as its bytes came. */
  readonly events: readonly Buffer[]
  /** Told once, or one for each event. */
  readonly origin: Origin | ((index: number) => Origin)
  /** For feeds whose identity is the position; others find their duplicates by key. */
  readonly log?: LogPosition
  /** The dead letter that this event corrects: marked as replayed in the same transaction. */
  readonly corrects?: number
}

export type EngineHealth = { readonly isReady: boolean; readonly reason: string | undefined }

/**
 * Turns submissions into transactions. Every method but `submit` may be called at any time; `submit` after `start`.
 * Errors: BUSY (the queue is full; nothing was taken), STORE_UNREACHABLE (nothing is known to be stored), OUTCOME_UNKNOWN
 * (the connection died during the commit; safe to send again where events have an identity), SOURCE_CONFLICT (the log went
 * on elsewhere), DECLARATION_OLDER (a newer declaration of the feed has written), STOPPING.
 */
export type Engine = {
  readonly feeds: ReadonlyMap<string, CompiledFeed>
  /** Resolves when the events are durable, with one outcome each, in their order. */
  submit(feed: string, submission: Submission): Promise<Outcome[]>
  /** Resolves when the feed's queue has room: for streams, which wait where a single post is told to come back. */
  room(feed: string, signal?: AbortSignal): Promise<void>
  /** What is known of a log; undefined where nothing is. */
  log(feed: string, name: string): Promise<KnownLog | undefined>
  /**
   * Remembers a request's idempotency key with the digest of its body, for feeds whose events carry their identity:
   * `other` where the key is known with another body.
   */
  claim(feed: string, name: string, digest: Buffer): Promise<'new' | 'same' | 'other'>
  /** The state after number `at`, from what is known now; undefined for an unknown key or beyond the last number. */
  stateAt(feed: string, key: string, at: number): Promise<Standing | undefined>
  /** What would become of an event if it were submitted now; nothing is written. */
  dryRun(feed: string, event: Buffer): Promise<Outcome>
  /** Dismisses an open dead letter: its number, where it has one, is voided. False where there is no such letter. */
  dismiss(feed: string, deadLetter: number): Promise<boolean>
  health(): EngineHealth
  start(): Promise<void>
  /** Takes nothing new, finishes what is queued, and resolves. */
  stop(): Promise<void>
}

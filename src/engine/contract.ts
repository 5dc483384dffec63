import type { CompiledFeed } from '../feed/compile.ts'
import type { Refusal } from '../feed/parse.ts'
import type { Standing } from '../feed/state.ts'
import type { LaneSpan } from '../store/read/changes.ts'
import type { CaughtUp, KnownPartition, TopicPlace } from '../store/write/partitions.ts'
import type { MissingItem } from '../store/write/poll-items.ts'
import type { PollCounts, PollEnd, PollStanding, PollTake, PollTurn } from '../store/write/polls.ts'
import type { Glanced } from '../store/write/unchanged.ts'

export { logNameOf } from '../store/write/partitions.ts'
export { POLL_LOG } from '../store/write/polls.ts'
export type {
  CaughtUp,
  Glanced,
  KnownPartition,
  LaneSpan,
  PollCounts,
  PollEnd,
  PollStanding,
  PollTake,
  PollTurn,
  TopicPlace,
}

/** What became of one event. Durable by the time it is told. */
export type Outcome =
  /** `version`: of a snapshot, which one of its key this is. */
  | { readonly outcome: 'accepted'; readonly version?: number }
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
export type Origin = Readonly<Record<string, string | number | Readonly<Record<string, string>>>>

/** A log that events are read from by offset: a file, a request with an idempotency key, a topic's partition. */
export type LogPosition = {
  /** Names the log within its feed. */
  readonly name: string
  /** The offset of the first event submitted; what came before it in the log is in already, or was never there. */
  readonly first: number
  /** The offset that follows the last event; without it, that of the event's number more. With it the log moves on without events as well. */
  readonly next?: number
  /** An event's own offset, where they don't follow each other one by one. */
  readonly offsetOf?: (index: number) => number
  /** The lane that most of its events are in, where that is known. */
  readonly lane?: number
  /** As `takeOver` gave it: another's take-over since refuses the events whole. */
  readonly epoch?: number
  /**
   * SHA-256 of the log's bytes up to and with the last event submitted; kept beside the offset that follows. With it, events
   * that begin below the log's offset are refused whole (SOURCE_CONFLICT): whoever submits them proves first that they are
   * the ones that it has.
   */
  readonly digest?: Buffer
  /** The log ends with these events. */
  readonly isComplete?: boolean
  /**
   * Where whoever reads the log goes on after these events; kept beside the offset, as JSON. Told what becomes of the
   * events, in their order; undefined: a dead letter.
   */
  readonly cursor?: (outcomes: readonly (Outcome | undefined)[]) => unknown
}

export type KnownLog = {
  readonly nextOffset: number
  readonly digest: Buffer | null
  readonly isComplete: boolean
  readonly epoch: number
}

export type Headers = Readonly<Record<string, string>>

export type Submission = {
  /** One event each, as its bytes came. */
  readonly events: readonly Buffer[]
  /** Told once, or one for each event. */
  readonly origin: Origin | ((index: number) => Origin)
  /** The offset moves in the transaction that applies the events; those below it are duplicates. */
  readonly log?: LogPosition
  /** What the source itself refuses of an event, whatever its bytes say: it becomes a dead letter. */
  readonly refusalOf?: (index: number) => Refusal | undefined
  /** Of the request that they came in: those that the feed has columns for, by their names in small letters. */
  readonly headers?: Headers
  /** When an event came in, in milliseconds since 1970, where that was before it was submitted. */
  readonly arrivedMs?: (index: number) => number | undefined
  /** The dead letter that this event corrects: marked as replayed in the same transaction. One that is closed by then: CLOSED. */
  readonly corrects?: number
}

/** How far a feed's record goes: each lane's position. `generation` counts the declarations that fold its states. */
export type RecordPlace = { readonly feed: number; readonly generation: number; readonly positions: readonly number[] }

/** An event that was applied, by its place on the record, and the state after it as the API serves it. */
export type Change = {
  readonly lane: number
  readonly position: number
  readonly keyId: number
  readonly json: string
}

/** Follows a feed's record. It remembers what it has read, so that going on from there is cheap. */
export type ChangeReader = {
  /** What these parts have, each lane in its order; less of it where there is too much for one page. */
  read(spans: readonly LaneSpan[]): Promise<Change[]>
}

export type EngineHealth = { readonly isReady: boolean; readonly reason: string | undefined }

/**
 * Turns submissions into transactions. Every method but `submit` may be called at any time; `submit` after `start`.
 * Errors: BUSY (the queue is full; nothing was taken), STORE_UNREACHABLE (nothing is known to be stored), OUTCOME_UNKNOWN
 * (the connection died during the commit; safe to send again where events have an identity), SOURCE_CONFLICT (the log went
 * on elsewhere), CLOSED (the dead letter that it corrects was replayed or dismissed already), SOURCE_FENCED (another has taken the log over), DECLARATION_OLDER (a newer declaration of the feed has written), STOPPING.
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
  /** Raises DECLARATION_OLDER where a newer declaration has written: its states are none of this one. */
  recordPlace(feed: string): Promise<RecordPlace>
  /** Of a feed that has a state. */
  changes(feed: string): ChangeReader
  /** Calls back when this process has applied something; returns what ends that. Others' work isn't told. */
  onApplied(feed: string, applied: () => void): () => void
  /** What would become of an event if it were submitted now; nothing is written. */
  dryRun(feed: string, event: Buffer): Promise<Outcome>
  /** Dismisses an open dead letter: its number, where it has one, is voided. False where there is no such letter. */
  dismiss(feed: string, deadLetter: number): Promise<boolean>
  health(): EngineHealth
  start(): Promise<void>
  /** Takes nothing new, finishes what is queued, and resolves. */
  stop(): Promise<void>
}

/** On the topic that stands before the record; what becomes of it there is decided by who reads it. */
export type Queued = { readonly outcome: 'queued'; readonly partition: number; readonly offset: number }

/** What takes posts: the engine, or a topic that stands before it. */
export type Intake = Omit<Engine, 'submit'> & {
  submit(feed: string, submission: Submission): Promise<(Outcome | Queued)[]>
  /** Feeds whose events are queued. */
  readonly queues?: ReadonlySet<string>
}

/** For sources that read the partitions of a topic. */
export type PartitionLogs = {
  /** The partitions that this feed has read, of topics that are no more as well. */
  partitions(feed: string): Promise<KnownPartition[]>
  /**
   * From now on only who holds the epoch returned moves the log: batches of an earlier one that are under way are waited
   * for, later ones are refused (SOURCE_FENCED). A log that nobody has read begins at `start`.
   */
  takeOver(feed: string, place: TopicPlace, start: number): Promise<{ epoch: number; nextOffset: number }>
  /** Nothing of this log is read until somebody has said where to go on; `problem` says why. */
  block(feed: string, place: TopicPlace, problem: string): Promise<void>
  /** Everything that was in these logs at that moment is applied. What is held waits for what may still be in one of them. Resolves with
   * the names of those that are still the caller's. */
  caughtUp(feed: string, logs: readonly CaughtUp[]): Promise<string[]>
}

/** For sources that poll: who does, and how far a poll is. Errors of `end` and `leave`: SOURCE_FENCED, where another has taken the poll. */
export type PollLog = {
  standing(): Promise<PollStanding>
  /** Undefined where somebody polls, or has since the poll was seen to stand so. From now on only who holds the epoch writes. */
  take(take: PollTake): Promise<PollTurn | undefined>
  /** Holds the lease on; false where it was lost. */
  renew(epoch: number, leaseMs: number): Promise<boolean>
  end(epoch: number, end: PollEnd): Promise<void>
  /** Gives the lease back in the middle of a run, which whoever takes it next goes on with. */
  leave(epoch: number): Promise<void>
  /** What a run saw, apart from the record: keys of this page, or the same as an earlier run. */
  saw(run: number, keys: readonly string[]): Promise<void>
  /**
   * Which of these aren't proved to be what their key's latest version is, by their places among them; those that are needn't be
   * submitted. Undefined where the feed proves nothing.
   */
  unproved: ((glanced: readonly Glanced[]) => Promise<number[]>) | undefined
  sawSame(run: number, as: number): Promise<void>
  countSeen(run: number): Promise<number>
  /** Keys that were seen before this run and by none since, each with its latest version. */
  missing(since: number, limit: number): Promise<MissingItem[]>
  /** Asks for these no more; without keys for none that is missing. */
  forget(since: number, keys?: readonly string[]): Promise<void>
}

export type Polls = { polls(feed: string): PollLog }

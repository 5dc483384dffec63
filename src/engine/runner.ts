import { GroundstationError, messageOf } from '../errors.ts'
import type { Standing } from '../feed/state.ts'
import { registerFeed, type StoredFeed } from '../store/feed.ts'
import { Leaves } from '../store/leaf.ts'
import { loadPositions } from '../store/read/changes.ts'
import { dismissLetter, findOpenLetter } from '../store/write/letters.ts'
import {
  blockPartition,
  type CaughtUp,
  type KnownPartition,
  loadPartitions,
  moveWatermarks,
  type TopicPlace,
  takePartition,
} from '../store/write/partitions.ts'
import { claimSource, findSource } from '../store/write/sources.ts'
import { applyBatch } from './apply.ts'
import { chunkOf, laneIn, workOf } from './arriving.ts'
import { createChangeReader } from './changes/reader.ts'
import type { ChangeReader, KnownLog, Outcome, PollLog, RecordPlace, Submission } from './contract.ts'
import { pollLogOf } from './poll-log.ts'
import { stateAt } from './state-at.ts'
import { Sweep, type SweepOptions } from './sweep.ts'
import { olderDeclaration, Transactions } from './transaction.ts'
import { type LogChunk, Ticket, type Work } from './work.ts'
import { type WriterLimits, Writers } from './writer.ts'

export type RunnerOptions = SweepOptions & {
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void
  readonly writers: number
  readonly keysRemembered: number
  readonly limits: WriterLimits
}

/** One feed at work: its lanes, cut among its writers, and the sweep that releases what has waited long enough. */
export class FeedRunner {
  readonly #options: RunnerOptions
  #running: Running | undefined
  #sweep: Sweep | undefined
  #state: 'new' | 'started' | 'stopped' = 'new'
  #turn = 0
  failure: unknown
  readonly #applied = new Set<() => void>()

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.feed.name
  }

  async start(): Promise<void> {
    const { feed, store, log, limits, keysRemembered } = this.#options
    const stored = await registerFeed(store, feed)
    const leaves = new Leaves(store, stored.id)
    await leaves.makeAhead(Date.now())
    const transactions = new Transactions({
      feed,
      stored,
      store,
      leaves,
      keysRemembered,
      log: message => log('warn', message),
      onApplied: () => {
        for (const applied of this.#applied) applied()
      },
    })
    const applier = {
      transactions,
      retryMs: limits.retryMs,
      onFailure: (error: unknown) => this.#failed(error),
      onSuccess: () => this.#succeeded(),
    }
    const writers = new Writers(Math.min(this.#options.writers, stored.lanes), limits, works =>
      applyBatch(applier, works),
    )
    this.#running = { stored, transactions, writers }
    this.#state = 'started'
    this.#sweep = new Sweep(
      { ...this.#options, stored, writers, leaves },
      {
        onSuccess: () => this.#succeeded(),
        onFailure: error => {
          this.failure = error
        },
      },
    )
    this.#sweep.start()
  }

  async stop(): Promise<void> {
    this.#state = 'stopped'
    await this.#sweep?.stop()
    await this.#running?.writers.drained()
  }

  submit(submission: Submission): Promise<Outcome[]> {
    const { stored, writers } = this.#ready()
    if (!writers.hasRoom())
      throw new GroundstationError('BUSY', `The queue of the feed ${this.name} is full: send again later`)
    const { feed } = this.#options
    const passesOnly = submission.events.length === 0 && submission.log?.next !== undefined
    const ticket = new Ticket(passesOnly ? 1 : submission.events.length)
    const log: LogChunk | undefined =
      submission.log === undefined || (submission.events.length === 0 && !passesOnly)
        ? undefined
        : chunkOf(submission.log, submission.events.length, ticket, stored)
    const enqueuedMs = performance.now()
    if (passesOnly && log !== undefined)
      writers.enqueue({ kind: 'pass', lane: log.lane, ticket, index: 0, enqueuedMs, log, outcome: undefined })
    const lane = log === undefined ? this.#turn++ % stored.lanes : log.lane
    const { origin, corrects, headers, arrivedMs, refusalOf } = submission
    for (let index = 0; index < submission.events.length; index++) {
      const raw = submission.events[index] as Buffer
      const place = typeof origin === 'function' ? origin(index) : origin
      const ms = arrivedMs?.(index)
      const arrivedMicros = ms === undefined ? undefined : ms * 1000
      const arriving = { ticket, index, enqueuedMs, origin: place, log, corrects, headers, lane, arrivedMicros }
      const refusal = refusalOf?.(index)
      const parsed = refusal === undefined ? feed.parse(raw) : ({ ok: false, refusal } as const)
      writers.enqueue(workOf(parsed, raw, arriving, stored))
    }
    writers.wake()
    return passesOnly ? ticket.promise.then(() => []) : ticket.promise
  }

  async room(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    await this.#ready().writers.room()
  }

  async knownLog(name: string): Promise<KnownLog | undefined> {
    return findSource(this.#options.store.query, this.#ready().stored.id, name)
  }

  async partitions(): Promise<KnownPartition[]> {
    return loadPartitions(this.#options.store.query, this.#ready().stored.id)
  }

  async takeOver(place: TopicPlace, start: number): Promise<{ epoch: number; nextOffset: number }> {
    return takePartition(this.#options.store.query, this.#ready().stored.id, place, start)
  }

  async block(place: TopicPlace, problem: string): Promise<void> {
    await blockPartition(this.#options.store.query, this.#ready().stored.id, place, problem)
  }

  async caughtUp(logs: readonly CaughtUp[]): Promise<string[]> {
    const { id } = this.#ready().stored
    // Once the connection is held: waiting for it makes nothing older.
    return this.#options.store.withClient(client => moveWatermarks(client, id, logs))
  }

  polls(): PollLog {
    return pollLogOf(this.#options.store, this.#ready().stored.id, this.#options.feed.reading)
  }

  async claim(name: string, digest: Buffer): Promise<'new' | 'same' | 'other'> {
    const known = await claimSource(this.#options.store.query, this.#ready().stored.id, name, digest)
    if (known.isNew) return 'new'
    return known.digest.equals(digest) ? 'same' : 'other'
  }

  stateAt(key: string, at: number): Promise<Standing | undefined> {
    return stateAt(this.#options.store, this.#options.feed, this.#ready().stored, key, at)
  }

  async recordPlace(): Promise<RecordPlace> {
    const { id, generation } = this.#ready().stored
    const lanes = await loadPositions(this.#options.store.query, id)
    if (lanes.some(lane => lane.generation > generation)) throw olderDeclaration(this.name)
    return { feed: id, generation, positions: lanes.map(({ position }) => position) }
  }

  changes(): ChangeReader {
    const { feed, store } = this.#options
    if (feed.state === undefined) throw new GroundstationError('NOT_FOUND', `The feed ${this.name} has no state`)
    return createChangeReader({ query: store.query, feed, state: feed.state, stored: this.#ready().stored })
  }

  onApplied(applied: () => void): () => void {
    this.#applied.add(applied)
    return () => this.#applied.delete(applied)
  }

  async dryRun(raw: Buffer): Promise<Outcome> {
    const { stored, transactions } = this.#ready()
    const parsed = this.#options.feed.parse(raw)
    if (!parsed.ok) {
      const { reason, message, pointer } = parsed.refusal
      return { outcome: 'rejected', deadLetter: 0, reason, message, pointer }
    }
    const arriving = {
      ticket: new Ticket(1),
      index: 0,
      enqueuedMs: 0,
      origin: {},
      log: undefined,
      corrects: undefined,
      headers: undefined,
      lane: 0,
      arrivedMicros: undefined,
    }
    const work = workOf(parsed, raw, arriving, stored)
    await transactions.dry([work])
    return work.outcome ?? { outcome: 'conflict', deadLetter: 0 }
  }

  async dismiss(deadLetter: number): Promise<boolean> {
    const { stored } = this.#ready()
    const letter = await findOpenLetter(this.#options.store.query, stored.id, deadLetter)
    if (letter === undefined) return false
    const { key, sequence, reason } = letter
    const voids = key !== null && sequence !== null && reason !== 'conflict' && reason !== 'fold'
    if (!voids) return dismissLetter(this.#options.store.query, stored.id, deadLetter)
    const dismissed = this.#enqueueAlone(key, common => ({
      ...common,
      kind: 'dismissal',
      key,
      sequence,
      deadLetter,
      outcome: undefined,
    }))
    return dismissed.then(
      () => true,
      error => {
        if (error instanceof GroundstationError && error.code === 'CLOSED') return false
        throw error
      },
    )
  }

  /** Folds one key again from its record, in its turn. */
  async refold(key: string): Promise<void> {
    await this.#enqueueAlone(key, common => ({ ...common, kind: 'refold', key, outcome: undefined }))
  }

  #enqueueAlone(
    key: string,
    make: (common: { lane: number; ticket: Ticket; index: number; enqueuedMs: number }) => Work,
  ): Promise<Outcome[]> {
    const { stored, writers } = this.#ready()
    const ticket = new Ticket(1)
    writers.enqueue(make({ lane: laneIn(stored, key), ticket, index: 0, enqueuedMs: performance.now() }))
    writers.wake()
    return ticket.promise
  }

  #ready(): Running {
    if (this.#state === 'stopped')
      throw new GroundstationError('STOPPING', 'Groundstation is stopping: send again later')
    if (this.#running === undefined)
      throw new GroundstationError('STOPPING', 'Groundstation is starting: send again later')
    return this.#running
  }

  #succeeded(): void {
    this.failure = undefined
  }

  #failed(error: unknown): void {
    this.failure = error
    this.#options.log('error', `a batch of the feed ${this.name} failed: ${messageOf(error)}`)
  }
}

/** What exists once a runner has started. */
type Running = { readonly stored: StoredFeed; readonly transactions: Transactions; readonly writers: Writers }

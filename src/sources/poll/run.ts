/**
 * One poll of a feed, by whoever holds its lease. Each page is a submission: its events, and in the same transaction how
 * far the poll is, fenced by the epoch. So a poll that is cut off goes on behind the last page that was applied.
 */
import type { Engine, LogPosition, PollCounts, Polls, PollTurn } from '../../engine/contract.ts'
import { POLL_LOG } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { Refusal } from '../../feed/parse.ts'
import type { CompiledPoll } from '../../feed/poll.ts'
import type { PollClient } from './client.ts'
import { conditionsOf, type Version, versionOf } from './conditions.ts'
import { BEGINNING_BYTES, PageFailure } from './failure.ts'
import { Lease } from './lease.ts'
import { firstPlace, type Place } from './pages.ts'
import type { Chance } from './retry.ts'
import { added, countOutcomes, NO_COUNTS } from './tally.ts'
import { type Page, pagesFrom } from './walk.ts'

export type RunOptions = {
  readonly engine: Engine & Polls
  readonly feed: string
  readonly poll: CompiledPoll
  readonly client: PollClient
  readonly eventBytesMax: number
  readonly chance: Chance
  readonly leaseMs?: number
}

export type PollReport = PollCounts & {
  readonly run: number
  readonly ms: number
  /** Whether every page came and every item was taken. */
  readonly isComplete: boolean
  readonly failure: GroundstationError | undefined
}

/** How far a run is; kept with what it applied. */
type Cursor = {
  readonly run: number
  readonly counts: PollCounts
  readonly ms: number
  /** The next page; null: all have come. */
  readonly next: Place | null
  /** Of the last answer that was taken whole. */
  readonly version: Version | undefined
}

/**
 * Polls to the end. A failure of the API ends the run and is in the report. Rejects where it was stopped, the poll was
 * lost to another, or the database failed: the run is then still open, and whoever takes it goes on with it.
 */
export async function runPoll(options: RunOptions, turn: PollTurn, stop: AbortSignal): Promise<PollReport> {
  const log = options.engine.polls(options.feed)
  const lease = new Lease(log, turn.epoch, options.leaseMs)
  const run = new Run(options, turn, AbortSignal.any([stop, lease.signal]))
  try {
    const failure = await run.toEnd()
    const report = run.report(failure)
    await log.end(turn.epoch, { ...report, error: failure?.message, cursor: run.cursor })
    return report
  } catch (error) {
    // Nobody has to wait for the lease to run out. Where this fails as well, it does.
    await log.leave(turn.epoch).catch(() => undefined)
    throw error
  } finally {
    await lease.stop()
  }
}

class Run {
  readonly #options: RunOptions
  readonly #turn: PollTurn
  readonly #signal: AbortSignal
  readonly #startedMs = performance.now()
  readonly #beforeMs: number
  #counts: PollCounts
  #offset: number
  #next: Place | null
  #version: Version | undefined

  constructor(options: RunOptions, turn: PollTurn, signal: AbortSignal) {
    this.#options = options
    this.#turn = turn
    this.#signal = signal
    this.#offset = turn.nextOffset
    const known = turn.cursor as Cursor | null
    const before = known?.run === turn.run ? known : undefined
    this.#counts = before?.counts ?? NO_COUNTS
    this.#beforeMs = before?.ms ?? 0
    this.#next = before === undefined ? firstPlace(options.poll) : before.next
    this.#version = known?.version
  }

  get cursor(): Cursor {
    return this.#cursorOf(this.#counts, this.#next)
  }

  #cursorOf(counts: PollCounts, next: Place | null): Cursor {
    return { run: this.#turn.run, counts, ms: this.#ms, next, version: this.#version }
  }

  get #ms(): number {
    return this.#beforeMs + performance.now() - this.#startedMs
  }

  report(failure: GroundstationError | undefined): PollReport {
    const isComplete = failure === undefined && this.#counts.rejected === 0
    return { ...this.#counts, run: this.#turn.run, ms: Math.round(this.#ms), isComplete, failure }
  }

  /** What of the API's ended the run early; undefined where nothing did. */
  async toEnd(): Promise<GroundstationError | undefined> {
    try {
      await this.#pages()
      return undefined
    } catch (error) {
      if (!(error instanceof PageFailure)) throw error
      if (error.beginning !== undefined) await this.#keep(error, error.beginning)
      return new GroundstationError(error.code, `${this.#options.poll.shown} ${error.message}`, { cause: error })
    }
  }

  async #pages(): Promise<void> {
    const { poll, client, chance } = this.#options
    const onRequest = () => {
      this.#counts = added(this.#counts, { requests: 1 })
    }
    if (this.#next === null) return
    const conditions = conditionsOf(poll, this.#version)
    const fetching = { poll, client, chance, signal: this.#signal, conditions, onRequest }
    for await (const page of pagesFrom(fetching, this.#next)) {
      if (page.isUnchanged) {
        this.#counts = added(this.#counts, { unchanged: this.#version?.items ?? 0 })
        return
      }
      if (page.cut.length > 0) await this.#apply(page)
      this.#next = page.after
      // What was refused is asked for again.
      this.#version = this.#counts.rejected === 0 ? versionOf(poll, page) : undefined
    }
  }

  async #apply({ cut, place, after }: Page): Promise<void> {
    const { engine, feed, poll, eventBytesMax } = this.#options
    const where = poll.pages === undefined ? {} : { page: place.index + 1 }
    await engine.room(feed, this.#signal)
    const outcomes = await engine.submit(feed, {
      events: cut.map(item => (item.length > eventBytesMax ? item.subarray(0, BEGINNING_BYTES) : item)),
      origin: index => ({ poll: poll.shown, ...where, item: index + 1 }),
      refusalOf: index => refuseSize(cut[index]?.length ?? 0, eventBytesMax),
      log: {
        ...this.#position(1),
        cursor: decided => this.#cursorOf(added(this.#counts, countOutcomes(decided)), after),
      },
    })
    this.#offset++
    this.#counts = added(this.#counts, countOutcomes(outcomes))
  }

  /** Keeps the beginning of an answer that isn't what it should be. */
  async #keep({ message }: PageFailure, beginning: Buffer): Promise<void> {
    const { engine, feed, poll } = this.#options
    const refusal: Refusal = { reason: 'answer', message, pointer: '', key: undefined, sequence: undefined }
    await engine.room(feed, this.#signal)
    await engine.submit(feed, {
      events: [beginning],
      origin: { poll: poll.shown },
      refusalOf: () => refusal,
      log: this.#position(0),
    })
  }

  /** A page is one place in the log, whatever it holds. */
  #position(pages: number): LogPosition {
    const first = this.#offset
    return { name: POLL_LOG, epoch: this.#turn.epoch, first, next: first + pages, offsetOf: () => first }
  }
}

function refuseSize(bytes: number, bytesMax: number): Refusal | undefined {
  if (bytes <= bytesMax) return undefined
  const message = `has ${bytes} bytes; an event has at most ${bytesMax}. This is its beginning`
  return { reason: 'size', message, pointer: '', key: undefined, sequence: undefined }
}

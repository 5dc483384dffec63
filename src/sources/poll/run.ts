/**
 * One poll of a feed, by whoever holds its lease. Each page is a submission: its events, and in the same transaction how
 * far the poll is, fenced by the epoch. So a poll that is cut off goes on behind the last page that was applied.
 */
import type { Engine, LogPosition, PollCounts, Polls, PollTurn } from '../../engine/contract.ts'
import { POLL_LOG } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { Refusal } from '../../feed/parse.ts'
import type { CompiledPoll } from '../../feed/poll.ts'
import type { Answer, PollClient } from './client.ts'
import { cutItems } from './cut.ts'
import { BEGINNING_BYTES, PageFailure, wrongAnswer } from './failure.ts'
import { Lease } from './lease.ts'
import { type Chance, retryAfterMs, withRetries } from './retry.ts'
import { added, countOutcomes, NO_COUNTS } from './tally.ts'

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
type Cursor = { readonly run: number; readonly counts: PollCounts; readonly ms: number }

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

  constructor(options: RunOptions, turn: PollTurn, signal: AbortSignal) {
    this.#options = options
    this.#turn = turn
    this.#signal = signal
    this.#offset = turn.nextOffset
    const known = turn.cursor as Cursor | null
    const before = known?.run === turn.run ? known : undefined
    this.#counts = before?.counts ?? NO_COUNTS
    this.#beforeMs = before?.ms ?? 0
  }

  get cursor(): Cursor {
    return this.#cursorWith(this.#counts)
  }

  #cursorWith(counts: PollCounts): Cursor {
    return { run: this.#turn.run, counts, ms: this.#ms }
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
      await this.#page()
      return undefined
    } catch (error) {
      if (!(error instanceof PageFailure)) throw error
      if (error.beginning !== undefined) await this.#keep(error, error.beginning)
      return new GroundstationError(error.code, `${this.#options.poll.shown} ${error.message}`, { cause: error })
    }
  }

  async #page(): Promise<void> {
    const { items } = cutItems((await this.#fetch()).body, this.#options.poll.items)
    await this.#apply(items)
  }

  async #fetch(): Promise<Answer> {
    const { poll, client, chance } = this.#options
    const ask = async () => {
      this.#counts = added(this.#counts, { requests: 1 })
      const answer = await client.send({ url: poll.url, method: 'GET', headers: poll.headers }, this.#signal)
      refuseStatus(answer)
      return answer
    }
    return withRetries(ask, chance, this.#signal)
  }

  async #apply(items: readonly Buffer[]): Promise<void> {
    const { engine, feed, poll, eventBytesMax } = this.#options
    if (items.length === 0) return
    const sizeOf = (index: number) => items[index]?.length ?? 0
    await engine.room(feed, this.#signal)
    const outcomes = await engine.submit(feed, {
      events: items.map(item => (item.length > eventBytesMax ? item.subarray(0, BEGINNING_BYTES) : item)),
      origin: index => ({ poll: poll.shown, item: index + 1 }),
      refusalOf: index => refuseSize(sizeOf(index), eventBytesMax),
      log: { ...this.#position(1), cursor: decided => this.#cursorWith(added(this.#counts, countOutcomes(decided))) },
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

function refuseStatus({ status, headers, body }: Answer): void {
  if (status === 200) return
  const canPass = status >= 500 || status === 408 || status === 425 || status === 429
  const message = `answered ${status}`
  if (!canPass) throw wrongAnswer(message, body)
  throw new PageFailure('SOURCE_UNREACHABLE', message, {
    retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()),
  })
}

function refuseSize(bytes: number, bytesMax: number): Refusal | undefined {
  if (bytes <= bytesMax) return undefined
  const message = `has ${bytes} bytes; an event has at most ${bytesMax}. This is its beginning`
  return { reason: 'size', message, pointer: '', key: undefined, sequence: undefined }
}

/**
 * One poll of a feed, by whoever holds its lease. Each page is a submission, or several where it is very large: its
 * events, and in the same transaction how far the poll is, fenced by the epoch. So a poll that is cut off goes on behind
 * the last page that was applied.
 */
import type { Engine, PollCounts, Polls, PollTurn } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { PollClient } from './client.ts'
import { conditionsOf, questionOf, type Version, versionOf } from './conditions.ts'
import { PageFailure } from './failure.ts'
import { nameOfKey, type Sift, sifter } from './glance.ts'
import { type Complete, Sightings } from './gone.ts'
import { Lease } from './lease.ts'
import { firstPlace, type Place } from './pages.ts'
import type { Chance } from './retry.ts'
import { added, countOutcomes, countShared, NO_COUNTS, sharedHint } from './tally.ts'
import { type Page, pagesFrom } from './walk.ts'
import { PageWriter, type WriterOptions } from './writer.ts'

export type RunOptions = WriterOptions & {
  readonly engine: Engine & Polls
  readonly client: PollClient
  readonly chance: Chance
  readonly leaseMs?: number
  /** Whether a poll of far fewer items than the one before is taken at its word, when it comes to what is gone. */
  readonly acceptsDrop?: boolean
}

export type PollReport = PollCounts & {
  readonly run: number
  readonly ms: number
  /** Whether every page came, every item was taken, and, where it is asked what is gone, there weren't far fewer than before. */
  readonly isComplete: boolean
  /** What else is to be said of it. */
  readonly note: string | undefined
  /** What may be wrong with the declaration; the poll did what it says. */
  readonly hint: string | undefined
  /** How long the API asks to be left alone. */
  readonly restMs: number | undefined
  readonly failure: GroundstationError | undefined
}

/** Nobody is left alone for longer, whatever it asks for. */
export const REST_MS_MAX = 86_400_000

/** Items that are applied in one transaction. */
const TOGETHER_MAX = 10_000

type Outcomes = Parameters<typeof countOutcomes>[0]

/** How far a run is; kept with what it applied. */
type Cursor = {
  readonly run: number
  /** What was asked: another question has other pages. */
  readonly of: string
  readonly counts: PollCounts
  readonly ms: number
  /** The next page; null: all have come. */
  readonly next: Place | null
  /** Of the last answer that was taken whole. */
  readonly version: Version | undefined
  /** Where it is asked for what is gone. */
  readonly complete: Complete | undefined
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
    const report = await run.toEnd()
    await log.end(turn.epoch, { ...report, error: report.failure?.message ?? report.note, cursor: run.cursor })
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
  readonly #run: number
  readonly #signal: AbortSignal
  readonly #writer: PageWriter
  readonly #sightings: Sightings | undefined
  readonly #sift: Sift
  readonly #startedMs = performance.now()
  readonly #beforeMs: number
  readonly #of: string
  #counts: PollCounts
  #next: Place | null
  #version: Version | undefined
  #complete: Complete | undefined
  #restMs: number | undefined

  constructor(options: RunOptions, turn: PollTurn, signal: AbortSignal) {
    const { engine, feed, poll, acceptsDrop = false } = options
    this.#options = options
    this.#run = turn.run
    this.#signal = signal
    this.#writer = new PageWriter(options, turn, signal)
    const known = turn.cursor as Cursor | null
    this.#of = questionOf(poll)
    // Declared otherwise since, its pages are others: the run goes on from the first.
    const begun = known?.run === turn.run && known.of === this.#of ? known : undefined
    // What an older version of the program has left has fewer of them.
    this.#counts = { ...NO_COUNTS, ...begun?.counts }
    this.#beforeMs = begun?.ms ?? 0
    this.#next = begun === undefined ? firstPlace(poll) : begun.next
    this.#version = known?.version
    this.#complete = known?.complete
    const sighting = { engine, feed, log: engine.polls(feed), run: turn.run, before: known?.complete, acceptsDrop }
    this.#sightings = poll.marksGone ? new Sightings(sighting) : undefined
    this.#sift = sifter(engine.feeds.get(feed), sighting.log, options.eventBytesMax)
  }

  get cursor(): Cursor {
    return this.#cursorOf(this.#counts, this.#next)
  }

  #cursorOf(counts: PollCounts, next: Place | null): Cursor {
    const [run, of, version, complete] = [this.#run, this.#of, this.#version, this.#complete]
    return { run, of, counts, ms: this.#ms, next, version, complete }
  }

  get #ms(): number {
    return this.#beforeMs + performance.now() - this.#startedMs
  }

  async toEnd(): Promise<PollReport> {
    const failure = await this.#pages()
    const isWhole = failure === undefined && this.#counts.rejected === 0
    const note = isWhole ? await this.#settle() : undefined
    const isComplete = isWhole && note === undefined
    const { engine, feed } = this.#options
    return {
      ...this.#counts,
      run: this.#run,
      ms: Math.round(this.#ms),
      isComplete,
      note,
      hint: sharedHint(this.#counts.shared, engine.feeds.get(feed)?.identity.keyPath),
      restMs: this.#restMs,
      failure,
    }
  }

  /** What of the API's ended the run early; undefined where nothing did. */
  async #pages(): Promise<GroundstationError | undefined> {
    try {
      await this.#walk()
      return undefined
    } catch (error) {
      if (!(error instanceof PageFailure)) throw error
      const { retryAfterMs = 0 } = error
      if (retryAfterMs > 0) this.#restMs = Math.min(retryAfterMs, REST_MS_MAX)
      if (error.beginning !== undefined) await this.#writer.keep(error, error.beginning)
      return new GroundstationError(error.code, `${this.#options.poll.shown} ${error.message}`, { cause: error })
    }
  }

  async #walk(): Promise<void> {
    const { engine, feed, poll, client, chance } = this.#options
    const onRequest = () => {
      this.#counts = added(this.#counts, { requests: 1 })
    }
    if (this.#next === null) return
    const declared = engine.feeds.get(feed)
    const name = declared && nameOfKey(declared)
    const conditions = conditionsOf(poll, this.#version)
    const fetching = { poll, client, chance, signal: this.#signal, name, conditions, onRequest }
    for await (const page of pagesFrom(fetching, this.#next)) {
      if (page.isUnchanged) return this.#leaveUnchanged()
      if (page.cut.length > 0) await this.#apply(page)
      this.#next = page.after
      // What was refused is asked for again.
      this.#version = this.#counts.rejected === 0 ? versionOf(poll, this.#run, page) : undefined
    }
  }

  async #leaveUnchanged(): Promise<void> {
    const version = this.#version
    if (version === undefined) return
    await this.#sightings?.sawSame(version.run)
    this.#version = { ...version, run: this.#run }
    this.#counts = added(this.#counts, { unchanged: version.items })
    this.#next = null
  }

  /** A page of very many items is several transactions; cut off between them, it is read again. */
  async #apply({ body, cut, named, place, after }: Page): Promise<void> {
    const page = this.#options.poll.pages === undefined ? undefined : place.index + 1
    const begun = this.#cursorOf(this.#counts, place)
    for (let before = 0; before < cut.length; before += TOGETHER_MAX) {
      const end = Math.min(before + TOGETHER_MAX, cut.length)
      const items = cut.slice(before, end)
      const { toRead, unchanged, again } = await this.#sift({ page: body, items, named: named.slice(before, end) })
      const read = toRead.flatMap(index => items[index] ?? [])
      await this.#sightings?.saw(read, unchanged)
      // Requests are counted meanwhile.
      const counted = (outcomes: Outcomes) => {
        const sifted = { unchanged: unchanged.length, shared: countShared(outcomes, toRead, again) }
        return added(added(this.#counts, sifted), countOutcomes(outcomes))
      }
      const outcomes = await this.#writer.apply(read, { page, before, places: toRead }, decided =>
        end === cut.length ? this.#cursorOf(counted(decided), after) : begun,
      )
      this.#counts = counted(outcomes)
    }
  }

  /** What is gone; why this poll says nothing of it. */
  async #settle(): Promise<string | undefined> {
    const settled = await this.#sightings?.settle(async tombstones => {
      const tally = (outcomes: Outcomes) => {
        const { changed, rejected } = countOutcomes(outcomes)
        return added(this.#counts, { gone: changed, rejected })
      }
      const outcomes = await this.#writer.apply(tombstones, {}, decided => this.#cursorOf(tally(decided), null))
      this.#counts = tally(outcomes)
    })
    if (typeof settled === 'string') return settled
    this.#complete = settled
    return undefined
  }
}

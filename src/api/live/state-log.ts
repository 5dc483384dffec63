import type { Change, ChangeReader, Engine, LaneSpan, RecordPlace } from '../../engine/contract.ts'
import { GroundstationError, messageOf } from '../../errors.ts'
import { type Entry, entryOf, LaneTail } from './lane-tail.ts'
import { OlderPages } from './older-pages.ts'

export type LogSizes = {
  /** What is kept of each lane for those who are a little behind; others read pages. */
  readonly tail: number
  readonly tailBytes: number
  /** Read of each lane at a time. */
  readonly span: number
  readonly olderPage: number
  readonly olderBytes: number
  /** States of a page of the list that comes first. */
  readonly listPage: number
  /** Whoever is further behind is told to begin again: the states are less than what led to them. */
  readonly behindMax: number
  /** The same for one key: others' events lie between its own. */
  readonly keyBehindMax: number
}

const LOG_SIZES: LogSizes = {
  tail: 1_000,
  tailBytes: 2 * 1024 * 1024,
  span: 128,
  olderPage: 128,
  olderBytes: 8 * 1024 * 1024,
  listPage: 200,
  behindMax: 100_000,
  keyBehindMax: 10_000,
}

/** Work of other processes is looked for so often. Cheap: eight rows. */
const LOOK_MS = 50
const PAUSE_MS_MIN = 2
/** The more who follow, the more goes out at once: a millisecond for so many. */
const FOLLOWERS_PER_MS = 20

/** The changes of one feed in this process: read once, however many follow, whatever they follow. */
export class StateLog {
  readonly sizes: LogSizes
  readonly #engine: Engine
  readonly #feed: string
  readonly #log: (message: string) => void
  readonly #reader: ChangeReader
  readonly #older: OlderPages
  #tails: LaneTail[] | undefined
  #followers = 0
  #leave: (() => void) | undefined
  #looking: Promise<void> | undefined
  #isAskedAgain = false
  #changed = Promise.withResolvers<void>()

  constructor(engine: Engine, feed: string, log: (message: string) => void, sizes: Partial<LogSizes> = {}) {
    this.sizes = { ...LOG_SIZES, ...sizes }
    this.#engine = engine
    this.#feed = feed
    this.#log = log
    this.#reader = engine.changes(feed)
    this.#older = new OlderPages(engine.changes(feed), this.sizes)
  }

  place(): Promise<RecordPlace> {
    return this.#engine.recordPlace(this.#feed)
  }

  changed(): Promise<void> {
    return this.#changed.promise
  }

  /** How far this process has read; undefined until it has begun. */
  ends(): readonly number[] | undefined {
    return this.#tails?.map(({ end }) => end)
  }

  /** What follows a position, perhaps not all of it; nothing where it wasn't read yet. `lost` where it isn't there any more. */
  after(lane: number, position: number): readonly Entry[] | Promise<readonly Entry[] | 'lost'> {
    const tail = this.#tails?.[lane]
    if (tail === undefined || position >= tail.end) return []
    if (position >= tail.start) return tail.after(position)
    return this.#older.after(lane, position, tail.end)
  }

  join(): () => void {
    if (this.#followers++ === 0) {
      const timer = setInterval(() => this.wake(), LOOK_MS).unref()
      const leave = this.#engine.onApplied(this.#feed, () => this.wake())
      this.#leave = () => {
        clearInterval(timer)
        leave()
      }
    }
    this.wake()
    return () => {
      if (--this.#followers > 0) return
      this.#leave?.()
      this.#tails = undefined
      this.#older.forget()
    }
  }

  /** There may be more: looks, once at a time. */
  wake(): void {
    if (this.#followers === 0) return
    if (this.#looking !== undefined) {
      this.#isAskedAgain = true
      return
    }
    this.#looking = this.#look()
      .catch(error => this.#failed(error))
      .finally(() => {
        this.#looking = undefined
        if (!this.#isAskedAgain) return
        this.#isAskedAgain = false
        this.wake()
      })
  }

  async #look(): Promise<void> {
    const { positions } = await this.place()
    const tails = this.#tails
    const behind = positions.reduce((sum, position, lane) => sum + position - (tails?.[lane]?.end ?? position), 0)
    if (tails === undefined || behind > this.sizes.behindMax) {
      this.#tails = positions.map(position => new LaneTail(position, this.sizes))
      return this.#tell()
    }
    for (;;) {
      const startedMs = performance.now()
      const spans = positions.flatMap<LaneSpan>((position, lane) => {
        const after = tails[lane]?.end ?? position
        return position > after ? [{ lane, after, upTo: Math.min(position, after + this.sizes.span) }] : []
      })
      if (spans.length === 0 || this.#tails !== tails) return
      for (const change of await this.#reader.read(spans)) this.#keep(tails, change)
      this.#tell()
      // Never more than half of the time, so that posts are taken.
      const pauseMs = Math.max(PAUSE_MS_MIN, this.#followers / FOLLOWERS_PER_MS, performance.now() - startedMs)
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }

  #failed(error: unknown): void {
    // What a newer declaration folds isn't ours to tell: clients come back, to whoever knows it.
    if (error instanceof GroundstationError && error.code === 'DECLARATION_OLDER') return this.#tell(error)
    // The next look says whether it is over; clients wait, and lose nothing.
    this.#log(`the states of ${this.#feed} can't be followed: ${messageOf(error)}`)
  }

  #keep(tails: readonly LaneTail[], change: Change): void {
    const tail = tails[change.lane]
    if (tail !== undefined && change.position === tail.end + 1) tail.add(entryOf(change))
  }

  #tell(error?: GroundstationError): void {
    const { resolve, reject, promise } = this.#changed
    this.#changed = Promise.withResolvers()
    promise.catch(() => undefined)
    if (error === undefined) resolve()
    else reject(error)
  }
}

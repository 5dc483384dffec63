/**
 * One partition on its way into the engine, from the moment it was taken over. Records come in the order of their
 * offsets and are submitted in chunks, a few at once; the engine moves the offset with the events, fenced by the epoch.
 *
 *   reading ──a chunk fails──▶ recovering ──asked how far the log is──▶ reading
 *      │                            │
 *      └──── SOURCE_FENCED ─────────┴──▶ lost    another has it; nothing more of it is submitted
 */
import type { Engine, LogPosition, Origin, TopicPlace } from '../../engine/contract.ts'
import { logNameOf } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { Refusal } from '../../feed/parse.ts'
import type { Fetched, TopicRecord, Wanted } from '../../kafka/fetcher.ts'

export type PartitionOptions = {
  readonly engine: Engine
  readonly feed: string
  readonly place: TopicPlace
  readonly epoch: number
  readonly nextOffset: number
  /** Behind the last record, and when that was asked (`performance.now()`). */
  readonly end: { readonly offset: number; readonly askedMs: number }
  readonly eventBytesMax: number
  /** Room has come, a chunk is stored, or the partition is lost. */
  readonly onChange: () => void
  readonly onFailure: (error: GroundstationError | undefined) => void
}

type Chunk = { readonly records: readonly TopicRecord[]; readonly first: number; readonly next: number }

const CHUNK_RECORDS_MAX = 2_500
const CHUNK_BYTES_MAX = 2 * 1024 * 1024
const CHUNKS_AT_ONCE_MAX = 2
/** What waits in memory of one partition before no more is fetched. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024
const RECOVER_MS = [200, 1_000, 3_000, 5_000]

export class Partition {
  readonly #options: PartitionOptions
  readonly log: string
  #state: 'reading' | 'recovering' | 'lost' = 'reading'
  #waiting: TopicRecord[] = []
  #waitingBytes = 0
  #underWay: Chunk[] = []
  /** What failed, until it is known how much of it is stored. */
  #returned: Chunk[] = []
  /** The offset from which the next chunk goes on. */
  #submitted: number
  #fetched: number
  #failures = 0
  #end: { readonly offset: number; readonly askedMs: number }
  #drained: (() => void)[] = []

  constructor(options: PartitionOptions) {
    this.#options = options
    this.log = logNameOf(options.place)
    this.#submitted = options.nextOffset
    this.#fetched = options.nextOffset
    this.#end = options.end
  }

  get partition(): number {
    return this.#options.place.partition
  }

  get place(): TopicPlace {
    return this.#options.place
  }

  get epoch(): number {
    return this.#options.epoch
  }

  get isLost(): boolean {
    return this.#state === 'lost'
  }

  /** Everything before it is stored. */
  get applied(): number {
    const open = [...this.#underWay, ...this.#returned]
    if (open.length > 0) return Math.min(...open.map(({ first }) => first))
    return this.#waiting.length === 0 ? this.#fetched : this.#submitted
  }

  /** When, by `performance.now()`, everything that was in the partition has been applied since; undefined: not yet. */
  get caughtUpMs(): number | undefined {
    return this.applied >= this.#end.offset ? this.#end.askedMs : undefined
  }

  /** What to fetch; undefined while there is no room for more. */
  get wants(): Wanted | undefined {
    const { partition, epoch } = this
    const hasRoom = this.#state === 'reading' && this.#waitingBytes < WAITING_BYTES_MAX
    return hasRoom ? { partition, epoch, offset: this.#fetched } : undefined
  }

  take({ epoch, records, next, end }: Fetched, askedMs: number): void {
    // An answer to who had the partition before is behind records that were never applied.
    if (this.#state !== 'reading' || epoch !== this.epoch) return
    for (const record of records) {
      // An answer to a request from before a recovery.
      if (record.offset < this.#fetched) continue
      this.#waiting.push(record)
      this.#waitingBytes += sizeOf(record)
    }
    this.#fetched = Math.max(this.#fetched, next)
    this.#end = { offset: end ?? this.#end.offset, askedMs }
    this.#submit()
  }

  /** Submits nothing more. Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#lose()
    while (this.#underWay.length > 0) await new Promise<void>(resolve => this.#drained.push(resolve))
  }

  #submit(): void {
    while (this.#state === 'reading' && this.#underWay.length < CHUNKS_AT_ONCE_MAX && this.#waiting.length > 0) {
      const chunk = this.#cut()
      this.#underWay.push(chunk)
      void this.#apply(chunk)
    }
  }

  #cut(): Chunk {
    let count = 0
    let bytes = 0
    while (count < this.#waiting.length && count < CHUNK_RECORDS_MAX && bytes < CHUNK_BYTES_MAX)
      bytes += sizeOf(this.#waiting[count++])
    const records = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    this.#waitingBytes -= bytes
    const first = this.#submitted
    this.#submitted = (records.at(-1)?.offset ?? first - 1) + 1
    return { records, first, next: this.#submitted }
  }

  async #apply(chunk: Chunk): Promise<void> {
    const { engine, feed, onFailure } = this.#options
    try {
      await engine.room(feed)
      await engine.submit(feed, this.#submissionOf(chunk))
      this.#failures = 0
      if (this.#state === 'reading') onFailure(undefined)
    } catch (error) {
      this.#failed(chunk, error)
    }
    this.#underWay = this.#underWay.filter(one => one !== chunk)
    // A failure is recovered from once nothing is under way: those behind it can only fail as well.
    if (this.#underWay.length === 0) while (this.#state === 'recovering') await this.#recover()
    this.#submit()
    this.#options.onChange()
    for (const resolve of this.#drained.splice(0)) resolve()
  }

  #failed(chunk: Chunk, error: unknown): void {
    this.#returned.push(chunk)
    if (error instanceof GroundstationError && error.code === 'SOURCE_FENCED') return this.#lose()
    if (this.#state !== 'reading') return
    this.#state = 'recovering'
    this.#options.onFailure(asFailure(error))
  }

  async #recover(): Promise<void> {
    const { engine, feed, epoch } = this.#options
    const waitMs = RECOVER_MS[Math.min(this.#failures++, RECOVER_MS.length - 1)] ?? 0
    await new Promise(resolve => setTimeout(resolve, waitMs).unref())
    try {
      const known = await engine.log(feed, this.log)
      if (this.#state !== 'recovering') return
      if (known === undefined || known.epoch !== epoch) return this.#lose()
      this.#goOn(known.nextOffset)
      // Of what failed, all may be stored: then nothing follows that would say so.
      this.#options.onFailure(undefined)
    } catch (error) {
      if (this.#state === 'recovering') this.#options.onFailure(asFailure(error))
    }
  }

  /** From where the log is: of what was under way some may have been stored. */
  #goOn(nextOffset: number): void {
    const returned = this.#returned.sort((a, b) => a.first - b.first).flatMap(({ records }) => records)
    this.#returned = []
    this.#waiting = [...returned, ...this.#waiting].filter(({ offset }) => offset >= nextOffset)
    this.#waitingBytes = this.#waiting.reduce((sum, record) => sum + sizeOf(record), 0)
    this.#submitted = nextOffset
    this.#fetched = Math.max(this.#fetched, nextOffset)
    this.#state = 'reading'
  }

  #lose(): void {
    this.#state = 'lost'
    this.#waiting = []
    this.#waitingBytes = 0
    this.#returned = []
  }

  #submissionOf({ records, first, next }: Chunk) {
    const { place, epoch, eventBytesMax } = this.#options
    const offsetOf = (index: number) => records[index]?.offset ?? first
    const log: LogPosition = { name: this.log, lane: place.partition, epoch, first, next, offsetOf }
    const origin = (index: number): Origin => originOf(place, records[index])
    return {
      log,
      origin,
      events: records.map(({ value }) => value ?? EMPTY),
      arrivedMs: (index: number) => knownTime(records[index]?.timestampMs),
      refusalOf: (index: number) => refusalOf(records[index]?.value ?? null, eventBytesMax),
    }
  }
}

const EMPTY = Buffer.alloc(0)

const sizeOf = (record: TopicRecord | undefined): number =>
  (record?.headers ?? []).reduce(
    (sum, [name, value]) => sum + (name?.length ?? 0) + (value?.length ?? 0),
    (record?.value?.length ?? 0) + 128,
  )

/** A record may have no time: Kafka has -1 there. */
const knownTime = (ms: number | undefined): number | undefined => (ms === undefined || ms < 0 ? undefined : ms)

const asFailure = (error: unknown): GroundstationError =>
  error instanceof GroundstationError ? error : new GroundstationError('INTERNAL', 'A chunk failed', { cause: error })

function originOf({ topic, partition }: TopicPlace, record: TopicRecord | undefined): Origin {
  const origin = { topic, partition, offset: record?.offset ?? 0 }
  if (record === undefined || record.headers.length === 0) return origin
  const headers = record.headers.map(([name, value]) => [textOf(name), textOf(value)])
  return { ...origin, headers: Object.fromEntries(headers) as Record<string, string> }
}

/** Headers are bytes; JSON holds neither U+0000 nor what isn't UTF-8. */
const textOf = (bytes: Buffer | null): string => (bytes?.toString('utf8') ?? '').replaceAll('\u0000', '\ufffd')

/** What a topic holds and a post could not: a record without a value, or one over the limit. */
function refusalOf(value: Buffer | null, bytesMax: number): Refusal | undefined {
  const refused = { pointer: '', key: undefined, sequence: undefined }
  if (value === null) return { ...refused, reason: 'json', message: 'is a record without a value' }
  if (value.length <= bytesMax) return undefined
  return { ...refused, reason: 'size', message: `has ${value.length} bytes; an event has at most ${bytesMax}` }
}

/**
 * Fetches partitions of one topic from offsets that its owner names anew for each request: so a partition is read on from
 * wherever its log is, and one whose records still wait isn't read at all. One request a broker at a time.
 */
import { Consumer, FetchIsolationLevels, type RecordsBatch } from '@platformatic/kafka'
import { committedBatches } from './committed.ts'
import { clientOptions, type KafkaConnection } from './connection.ts'
import { isUnknownTopic, kafkaFailure } from './failure.ts'

export type TopicRecord = {
  readonly offset: number
  /** Milliseconds since 1970: when it was produced, or, where the topic says so, appended. */
  readonly timestampMs: number
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

/** `epoch` tells an answer to who asked from one to who had the partition before. */
export type Wanted = { readonly partition: number; readonly offset: number; readonly epoch: number }

export type Fetched = {
  readonly partition: number
  readonly epoch: number
  readonly records: readonly TopicRecord[]
  /** Where to go on: behind the last record, or what stands for one that no reader gets. */
  readonly next: number
  /** Behind the partition's last record; undefined where nothing has changed since it was told. */
  readonly end: number | undefined
}

export type FetcherOptions = {
  readonly connection: KafkaConnection
  readonly topic: string
  readonly topicId: string
  readonly wanted: () => readonly Wanted[]
  /** `askedMs`: when the request was sent, by `performance.now()`. Every partition asked for is told of. */
  readonly onFetched: (fetched: readonly Fetched[], askedMs: number) => void
  /** The offset asked for isn't there: expired, or behind the end. */
  readonly onOutOfRange: (wanted: Wanted) => void
  /** The topic is no more, or another has its name. */
  readonly onGone: () => void
  readonly onFailure: (error: Error | undefined) => void
}

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>
type FetchResponsePartition = FetchResponse['responses'][number]['partitions'][number]

const WAIT_MS = 500
const BYTES_MAX = 8 * 1024 * 1024
const PARTITION_BYTES_MAX = 1024 * 1024
const RETRY_MS = 500

const OFFSET_OUT_OF_RANGE = 1
const UNKNOWN_TOPIC = [3, 100, 103]
const APPEND_TIME = 0x08

export class Fetcher {
  readonly #options: FetcherOptions
  readonly #consumer: Consumer
  readonly #busy = new Set<number>()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  #isFailing = false

  constructor(options: FetcherOptions) {
    this.#options = options
    this.#consumer = new Consumer({
      ...clientOptions(options.connection, 'groundstation-reader'),
      groupId: 'groundstation-reader',
      autocommit: false,
    })
    this.#consumer.on('error', () => undefined)
    this.#consumer.topics.track(options.topic)
  }

  /** Fetches what is wanted now, where nothing is on its way. */
  wake(): void {
    if (this.#isStopped || this.#isFailing) return
    void this.#turn()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#consumer.close(true).catch(() => undefined)
  }

  async #turn(): Promise<void> {
    const wanted = this.#options.wanted()
    if (wanted.length === 0) return this.#options.onFailure(undefined)
    try {
      const { topic, topicId } = this.#options
      const known = (await this.#consumer.metadata({ topics: [topic] })).topics.get(topic)
      if (known === undefined || known.id !== topicId) return this.#options.onGone()
      const byNode = new Map<number, Wanted[]>()
      for (const one of wanted) {
        const leader = known.partitions[one.partition]?.leader ?? -1
        if (leader >= 0) byNode.set(leader, [...(byNode.get(leader) ?? []), one])
      }
      for (const [node, some] of byNode) if (!this.#busy.has(node)) void this.#fetch(node, some)
      if (wanted.some(({ partition }) => (known.partitions[partition]?.leader ?? -1) < 0)) this.#lookAgain()
    } catch (error) {
      if (isUnknownTopic(error)) this.#options.onGone()
      else this.#failed(error)
    }
  }

  async #fetch(node: number, wanted: readonly Wanted[]): Promise<void> {
    this.#busy.add(node)
    const askedMs = performance.now()
    try {
      const response = await this.#consumer.fetch({
        node,
        maxWaitTime: WAIT_MS,
        maxBytes: BYTES_MAX,
        isolationLevel: FetchIsolationLevels.READ_COMMITTED,
        topics: [{ topicId: this.#options.topicId, partitions: wanted.map(requestOf) }],
      })
      this.#take(response, wanted, askedMs)
      this.#isFailing = false
      this.#options.onFailure(undefined)
    } catch (error) {
      const response = responseIn(error)
      if (response !== undefined) this.#take(response, wanted, askedMs)
      this.#failed(error)
    } finally {
      this.#busy.delete(node)
    }
    this.wake()
  }

  #take(response: FetchResponse, wanted: readonly Wanted[], askedMs: number): void {
    if (this.#isStopped) return
    const told = new Map<number, FetchResponsePartition>()
    for (const { partitions } of response.responses) for (const one of partitions) told.set(one.partitionIndex, one)
    const fetched: Fetched[] = []
    for (const one of wanted) {
      const { partition, offset, epoch } = one
      const answer = told.get(partition)
      // Of what has not changed a broker says nothing.
      if (answer === undefined) fetched.push({ partition, epoch, records: [], next: offset, end: undefined })
      else if (answer.errorCode === 0) fetched.push(fetchedOf(answer, one))
      else if (answer.errorCode === OFFSET_OUT_OF_RANGE) this.#options.onOutOfRange(one)
      else if (UNKNOWN_TOPIC.includes(answer.errorCode)) this.#options.onGone()
    }
    if (response.errorCode === 0) this.#options.onFetched(fetched, askedMs)
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return
    this.#isFailing = true
    this.#options.onFailure(kafkaFailure(error))
    this.#lookAgain()
  }

  /** Who leads what is asked anew: a partition without a leader has one again, while the others are read on. */
  #lookAgain(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#isFailing = false
      this.#consumer.clearMetadata()
      this.wake()
    }, RETRY_MS)
  }
}

const requestOf = ({ partition, offset }: Wanted) => ({
  partition,
  fetchOffset: BigInt(offset),
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
  partitionMaxBytes: PARTITION_BYTES_MAX,
})

/** An answer that holds errors of single partitions arrives as an error with the answer. */
function responseIn(error: unknown): FetchResponse | undefined {
  const { response } = error as { response?: FetchResponse }
  return Array.isArray(response?.responses) ? response : undefined
}

export function fetchedOf(answer: FetchResponsePartition, { offset: from, epoch }: Wanted): Fetched {
  const { partitionIndex, records, abortedTransactions, highWatermark } = answer
  const batches = records ?? []
  const taken: TopicRecord[] = []
  for (const batch of committedBatches(batches, abortedTransactions ?? [])) recordsOf(batch, from, taken)
  const last = batches.at(-1)
  const next = last === undefined ? from : Math.max(from, Number(last.firstOffset) + last.lastOffsetDelta + 1)
  return { partition: partitionIndex, epoch, records: taken, next, end: Number(highWatermark) }
}

function recordsOf(batch: RecordsBatch, from: number, taken: TopicRecord[]): void {
  const first = Number(batch.firstOffset)
  const firstMs = Number(batch.firstTimestamp)
  const appendedMs = (batch.attributes & APPEND_TIME) === 0 ? undefined : Number(batch.maxTimestamp)
  for (const { offsetDelta, timestampDelta, value, headers } of batch.records) {
    const offset = first + offsetDelta
    // A batch is sent whole, also where it begins below.
    if (offset >= from)
      taken.push({ offset, timestampMs: appendedMs ?? firstMs + Number(timestampDelta), value, headers })
  }
}

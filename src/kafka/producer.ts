/**
 * Appends to topics. What comes while requests are on their way waits for the next, so that records that come alone wait
 * for nothing, and records that come together go together. Bounded: `hasRoom` is asked before `send`.
 */
import { ProduceAcks, Producer } from '@platformatic/kafka'
import { GroundstationError } from '../errors.ts'
import { clientOptions, type KafkaConnection } from './connection.ts'
import { kafkaFailure } from './failure.ts'

export type Outgoing = {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | undefined
  readonly value: Buffer
  readonly timestampMs: number
  readonly headers: Readonly<Record<string, string>>
}

/** Where a record was appended. */
export type Appended = { readonly partition: number; readonly offset: number }

type Waiting = { readonly record: Outgoing; resolve(appended: Appended): void; reject(error: Error): void }

const REQUESTS_AT_ONCE_MAX = 4
const REQUEST_RECORDS_MAX = 2_000
const REQUEST_BYTES_MAX = 768 * 1024
const QUEUE_RECORDS_MAX = 50_000
const QUEUE_BYTES_MAX = 64 * 1024 * 1024
const LOOK_MS = 2_000

export class TopicProducer {
  readonly #producer: Producer<Buffer, Buffer, string, string>
  #waiting: Waiting[] = []
  #bytes = 0
  #requests = 0
  #changed: (() => void)[] = []
  readonly #topics: readonly string[]
  readonly #timer: NodeJS.Timeout
  /** Why Kafka can't be produced to; undefined while it can. Looked at now and then, also when nothing is sent. */
  failure: GroundstationError | undefined

  constructor(connection: KafkaConnection, topics: readonly string[]) {
    this.#topics = topics
    const text = (data: string | undefined) => (data === undefined ? undefined : Buffer.from(data))
    this.#producer = new Producer({
      ...clientOptions(connection, 'groundstation-gateway'),
      acks: ProduceAcks.ALL,
      serializers: { key: data => data, value: data => data, headerKey: text, headerValue: text },
    })
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  hasRoom(): boolean {
    return this.#waiting.length < QUEUE_RECORDS_MAX && this.#bytes < QUEUE_BYTES_MAX
  }

  async room(): Promise<void> {
    while (!this.hasRoom()) await this.#change()
  }

  /** How many partitions a topic has. */
  async partitions(topic: string): Promise<number> {
    try {
      const known = (await this.#producer.metadata({ topics: [topic] })).topics.get(topic)
      if (known !== undefined) return known.partitionsCount
    } catch (error) {
      throw this.#failed(error)
    }
    throw new GroundstationError('KAFKA_UNREACHABLE', `The topic ${topic} isn't there`)
  }

  /** Resolves when the brokers have it, as durably as their topic asks for. KAFKA_UNREACHABLE: it may be there or not. */
  send(record: Outgoing): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject })
      this.#bytes += record.value.length
      // After whoever sends more in this turn has done so.
      if (this.#waiting.length === 1) queueMicrotask(() => this.#flush())
    })
  }

  /** Resolves when nothing is on its way any more. */
  async close(): Promise<void> {
    while (this.#requests > 0 || this.#waiting.length > 0) await this.#change()
    clearInterval(this.#timer)
    await this.#producer.close().catch(() => undefined)
  }

  async #look(): Promise<void> {
    try {
      await this.#producer.metadata({ topics: [...this.#topics], forceUpdate: true })
      this.failure = undefined
    } catch (error) {
      this.#failed(error)
    }
  }

  #flush(): void {
    while (this.#requests < REQUESTS_AT_ONCE_MAX && this.#waiting.length > 0) void this.#request(this.#take())
  }

  #take(): Waiting[] {
    let count = 0
    let bytes = 0
    while (count < this.#waiting.length && count < REQUEST_RECORDS_MAX && bytes < REQUEST_BYTES_MAX) {
      bytes += this.#waiting[count]?.record.value.length ?? 0
      count++
    }
    const taken = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    this.#bytes -= bytes
    return taken
  }

  async #request(taken: readonly Waiting[]): Promise<void> {
    this.#requests++
    try {
      const messages = taken.map(({ record: { timestampMs, key, ...record } }) => ({
        ...record,
        ...(key === undefined ? {} : { key }),
        timestamp: BigInt(timestampMs),
      }))
      const { offsets = [] } = await this.#producer.send({ messages })
      this.failure = undefined
      settle(taken, offsets)
    } catch (error) {
      const failure = this.#failed(error)
      for (const { reject } of taken) reject(failure)
    } finally {
      this.#requests--
      for (const resolve of this.#changed.splice(0)) resolve()
      this.#flush()
    }
  }

  #failed(error: unknown): GroundstationError {
    this.failure = kafkaFailure(error)
    this.#producer.clearMetadata()
    return this.failure
  }

  #change(): Promise<void> {
    return new Promise(resolve => this.#changed.push(resolve))
  }
}

/** A partition's records of one request follow each other from the offset that its broker answered with. */
function settle(
  taken: readonly Waiting[],
  offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[],
): void {
  const next = new Map(offsets.map(({ topic, partition, offset }) => [`${topic}:${partition}`, Number(offset)]))
  for (const { record, resolve, reject } of taken) {
    const place = `${record.topic}:${record.partition}`
    const offset = next.get(place)
    if (offset === undefined)
      reject(new GroundstationError('KAFKA_UNREACHABLE', `Kafka didn't say where ${place} went on`))
    else {
      next.set(place, offset + 1)
      resolve({ partition: record.partition, offset })
    }
  }
}

/**
 * Appends to topics. What comes while a request is on its way waits for the next, so that records that come alone wait for
 * nothing, and records that come together go together: four requests at a time had 0.65 of the throughput, as they were
 * smaller. Bounded: `hasRoom` is asked before `send`.
 */
import { ProduceAcks, Producer } from '@platformatic/kafka'
import { GroundstationError } from '../errors.ts'
import { clientOptions, type KafkaConnection } from './connection.ts'
import { isKafkaError, kafkaFailure } from './failure.ts'
import { type Appended, Outbox, type Outgoing, type Sending, settle } from './outbox.ts'

export type { Appended, Outgoing }

const LOOK_MS = 2_000
const REFUSED_MS = 5_000
/** A sender that isn't answered within ten seconds gives up: it is told in time, also where the brokers say nothing. */
const METADATA_MS_MAX = 3_000
const ANSWER_MS_MAX = 5_000
const OVERDUE_MS = 500

export class TopicProducer {
  readonly #producer: Producer<Buffer, Buffer, string, string>
  readonly #waiting = new Outbox()
  #underWay: readonly Sending[] = []
  #changed: (() => void)[] = []
  readonly #topics: readonly string[]
  /** When a request was last refused, by `performance.now()`. */
  #refusedMs = Number.NEGATIVE_INFINITY
  readonly #timers: readonly NodeJS.Timeout[]
  /** Why Kafka can't be produced to; undefined while it can. Looked at now and then, also when nothing is sent. */
  failure: GroundstationError | undefined

  constructor(connection: KafkaConnection, topics: readonly string[]) {
    this.#topics = topics
    const text = (data: string | undefined) => (data === undefined ? undefined : Buffer.from(data))
    this.#producer = new Producer({
      ...clientOptions(connection, 'groundstation-gateway'),
      acks: ProduceAcks.ALL,
      // It would send a whole request again, what was appended of it included.
      repeatOnStaleMetadata: false,
      serializers: { key: data => data, value: data => data, headerKey: text, headerValue: text },
    })
    this.#timers = [
      setInterval(() => this.#look(), LOOK_MS).unref(),
      setInterval(() => this.#giveUpOverdue(), OVERDUE_MS).unref(),
    ]
  }

  hasRoom(): boolean {
    return this.#waiting.hasRoom()
  }

  async room(): Promise<void> {
    while (!this.hasRoom()) await this.#change()
  }

  /** How many partitions a topic has. */
  async partitions(topic: string): Promise<number> {
    try {
      const metadata = this.#producer.metadata({ topics: [topic] })
      const known = (await within(METADATA_MS_MAX, metadata)).topics.get(topic)
      if (known !== undefined) return known.partitionsCount
    } catch (error) {
      throw this.#failed(error)
    }
    throw new GroundstationError('KAFKA_UNREACHABLE', `The topic ${topic} isn't there`)
  }

  /**
   * Resolves when the brokers have it, as durably as their topic asks for. KAFKA_UNREACHABLE: it may be there or not;
   * BODY_TOO_LARGE: it isn't.
   */
  send(record: Outgoing): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ record, resolve, reject, dueMs: performance.now() + ANSWER_MS_MAX })
      // After whoever sends more in this turn has done so.
      if (this.#waiting.length === 1) queueMicrotask(() => this.#flush())
    })
  }

  /** Resolves when nothing is on its way any more. */
  async close(): Promise<void> {
    while (this.#underWay.length > 0 || this.#waiting.length > 0) await this.#change()
    for (const timer of this.#timers) clearInterval(timer)
    await this.#producer.close().catch(() => undefined)
  }

  async #look(): Promise<void> {
    try {
      await this.#producer.metadata({ topics: [...this.#topics], forceUpdate: true })
      // Brokers that answer questions may take nothing all the same.
      if (performance.now() - this.#refusedMs > REFUSED_MS) this.failure = undefined
    } catch (error) {
      this.#failed(error)
    }
  }

  #flush(): void {
    if (this.#underWay.length === 0 && this.#waiting.length > 0) void this.#request(this.#waiting.take())
  }

  async #request(taken: readonly Sending[]): Promise<void> {
    this.#underWay = taken
    try {
      const messages = taken.map(({ record }) => record)
      const { offsets = [] } = await this.#producer.send({ messages })
      this.failure = undefined
      this.#refusedMs = Number.NEGATIVE_INFINITY
      settle(taken, offsets)
    } catch (error) {
      this.#refuse(taken, error)
    } finally {
      this.#underWay = []
      this.#tellChange()
      this.#flush()
    }
  }

  #refuse(taken: readonly Sending[], error: unknown): void {
    const isTooLarge = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].some(id => isKafkaError(error, id))
    const [first] = taken
    if (isTooLarge && first !== undefined && taken.length === 1) return first.reject(tooLarge(first.record))
    // Some of it may be there all the same, so that only those who sent it may send it again.
    if (isTooLarge) this.#waiting.shrink(taken)
    const failure = this.#failed(error)
    this.#refusedMs = performance.now()
    for (const { reject } of taken) reject(failure)
  }

  /** What was asked for may still be done: who waits for it is told that nobody knows. */
  #giveUpOverdue(): void {
    const nowMs = performance.now()
    const underWay = this.#underWay.filter(({ dueMs }) => dueMs <= nowMs)
    const overdue = [...underWay, ...this.#waiting.takeDue(nowMs)]
    if (overdue.length === 0) return
    const failure = this.#failed(silence())
    for (const { reject } of overdue) reject(failure)
    this.#tellChange()
  }

  #failed(error: unknown): GroundstationError {
    this.failure = kafkaFailure(error)
    this.#producer.clearMetadata()
    return this.failure
  }

  #change(): Promise<void> {
    return new Promise(resolve => this.#changed.push(resolve))
  }

  #tellChange(): void {
    for (const resolve of this.#changed.splice(0)) resolve()
  }
}

async function within<Value>(ms: number, asked: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(silence()), ms)
  })
  return Promise.race([asked, late]).finally(() => clearTimeout(timer))
}

const silence = () => new GroundstationError('KAFKA_UNREACHABLE', "Kafka can't be reached: it doesn't answer")

const tooLarge = ({ topic, value }: Outgoing) =>
  new GroundstationError(
    'BODY_TOO_LARGE',
    `The topic ${topic} doesn't take an event of ${value.length} bytes: see its max.message.bytes.`,
  )

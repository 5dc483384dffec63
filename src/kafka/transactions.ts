/**
 * Appends to a topic in transactions, under a name that one producer has at a time: whoever fences it has it from then on,
 * and what the one before had open is aborted. A client is good up to its first error; then it is closed, and another
 * fences. So no transaction is ever aborted by its own producer, and nothing late of it can be mistaken for the next one's.
 */
import { type API, addPartitionsToTxnV3, type Callback, kGetApi, ProduceAcks, Producer } from '@platformatic/kafka'
import { GroundstationError } from '../errors.ts'
import { clientOptions, type KafkaConnection } from './connection.ts'
import { isKafkaError, isUnknownTopic, kafkaFailure } from './failure.ts'

export type NewRecord = {
  readonly topic: string
  readonly partition: number
  readonly key?: Buffer
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** By then the brokers abort a transaction by themselves, and its producer is fenced. */
const TRANSACTION_MS_MAX = 15_000
/** The end of a transaction is written to its partitions after it is told: what follows waits for that. */
const ENDING = 'CONCURRENT_TRANSACTIONS'
/** So does the first who asks a cluster for transactions, and whoever asks while a broker takes over from another. */
const NOT_YET = [ENDING, 'COORDINATOR_LOAD_IN_PROGRESS', 'COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR']
const WAIT_MS_MAX = 10_000
const ENDING_AGAIN_MS = 5
const AGAIN_MS = 100

const FENCED = ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_ID_MAPPING', 'INVALID_TXN_STATE']
const TOO_LARGE = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']

type Transaction = Awaited<ReturnType<ClientProducer['beginTransaction']>>

export class TransactionalProducer {
  readonly #name: string
  readonly #producer: ClientProducer
  #open: Transaction | undefined

  constructor(connection: KafkaConnection, name: string) {
    this.#name = name
    const text = (data: string | undefined) => (data === undefined ? undefined : Buffer.from(data))
    this.#producer = new ClientProducer({
      ...clientOptions(connection, 'groundstation-output'),
      timeout: TRANSACTION_MS_MAX,
      acks: ProduceAcks.ALL,
      idempotent: true,
      transactionalId: name,
      repeatOnStaleMetadata: false,
      serializers: { key: data => data, value: data => data, headerKey: text, headerValue: text },
    })
  }

  /** From now on nobody else appends under this name, and what was open is aborted. */
  async fence(): Promise<void> {
    try {
      const transaction = await whenEnded(async () => {
        await this.#producer.transaction?.cancel()
        // Not as the one who had it last: whoever that was.
        return this.#producer.beginTransaction({ producerId: -1n, producerEpoch: -1 })
      })
      await transaction.cancel()
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** How many partitions a topic has. Errors: TOPIC_MISSING, also where another has its name now. */
  async partitions(topic: string, topicId: string): Promise<number> {
    try {
      const known = (await this.#producer.metadata({ topics: [topic] })).topics.get(topic)
      if (known?.id === topicId) return known.partitionsCount
    } catch (error) {
      throw this.#failure(error)
    }
    throw new GroundstationError('TOPIC_MISSING', `The topic ${topic} was deleted`)
  }

  /** Resolves when the brokers have them, by partition with the offset behind the last. Nobody reads them before `commit`. */
  async append(records: readonly NewRecord[]): Promise<Map<number, number>> {
    const counts = new Map<number, number>()
    for (const { partition } of records) counts.set(partition, (counts.get(partition) ?? 0) + 1)
    try {
      const open = await this.#producer.beginTransaction()
      this.#open = open
      const { offsets = [] } = await whenEnded(() => open.send({ messages: records.map(record => ({ ...record })) }))
      return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset) + (counts.get(partition) ?? 0)]))
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** Resolves when it is certain that all of it will be read. An error: it will or it won't. */
  async commit(): Promise<void> {
    try {
      await this.#open?.commit()
      this.#open = undefined
    } catch (error) {
      throw this.#failure(error)
    }
  }

  async close(): Promise<void> {
    await this.#producer.close(true).catch(() => undefined)
  }

  #failure(error: unknown): GroundstationError {
    const cause = { cause: error }
    if (FENCED.some(id => isKafkaError(error, id)))
      return new GroundstationError('OUTPUT_FENCED', `Another producer has taken over ${this.#name}`, cause)
    if (TOO_LARGE.some(id => isKafkaError(error, id)))
      return new GroundstationError(
        'BODY_TOO_LARGE',
        'The topic takes nothing as large as what comes next: raise its max.message.bytes',
        cause,
      )
    if (isUnknownTopic(error)) return new GroundstationError('TOPIC_MISSING', "The topic isn't there", cause)
    return kafkaFailure(error)
  }
}

/** Once what was open before has ended; nothing of `work` was done where it has not. */
async function whenEnded<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadlineMs = performance.now() + WAIT_MS_MAX
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!NOT_YET.some(id => isKafkaError(error, id)) || performance.now() > deadlineMs) throw error
      const waitMs = isKafkaError(error, ENDING) ? ENDING_AGAIN_MS : AGAIN_MS
      await new Promise(resolve => setTimeout(resolve, waitMs))
    }
  }
}

/** Of this request the latest versions are for brokers among themselves, and ask for a broker's rights. */
class ClientProducer extends Producer<Buffer, Buffer, string, string> {
  override [kGetApi]<Arguments extends unknown[], Answer>(
    name: string,
    callback: Callback<API<Arguments, Answer>>,
  ): void {
    if (name === 'AddPartitionsToTxn') callback(null, addPartitionsToTxnV3.api as unknown as API<Arguments, Answer>)
    else super[kGetApi](name, callback)
  }
}

import { Admin, Consumer, ListOffsetTimestamps } from '@platformatic/kafka'
import { GroundstationError } from '../errors.ts'
import { clientOptions, type KafkaConnection } from './connection.ts'
import { isKafkaError, isUnknownTopic, kafkaFailure } from './failure.ts'

export type TopicState = {
  readonly cluster: string
  /** Given anew to a topic that is made again under its name. */
  readonly topicId: string
  readonly partitions: number
}

/** A partition's offsets: of the first record that is still there, and behind the last. */
export type Ends = { readonly first: number; readonly end: number }

/** Looks at topics, and makes them. Errors: KAFKA_UNREACHABLE, TOPIC_MISSING. */
export class Topics {
  readonly #admin: Admin
  readonly #reader: Consumer
  readonly #brokers: readonly string[]

  constructor(connection: KafkaConnection) {
    this.#brokers = connection.brokers
    this.#admin = new Admin(clientOptions(connection, 'groundstation-admin'))
    this.#reader = new Consumer({
      ...clientOptions(connection, 'groundstation-offsets'),
      groupId: 'groundstation-offsets',
      autocommit: false,
    })
  }

  /** Undefined where there is no such topic. */
  async describe(topic: string): Promise<TopicState | undefined> {
    try {
      const { id: cluster, topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true })
      const known = topics.get(topic)
      return known === undefined ? undefined : { cluster, topicId: known.id, partitions: known.partitionsCount }
    } catch (error) {
      if (isUnknownTopic(error)) return undefined
      throw kafkaFailure(error)
    }
  }

  /** The topic; made where it is missing and `creates` allows it. */
  async ensure(topic: string, partitions: number, creates: boolean): Promise<TopicState> {
    const known = await this.describe(topic)
    if (known !== undefined) return known
    if (!creates)
      throw new GroundstationError(
        'TOPIC_MISSING',
        `The topic ${topic} isn't there. Make it: kafka-topics.sh --bootstrap-server ${this.#brokers[0]} --create --topic ${topic} --partitions ${partitions}`,
      )
    try {
      await this.#admin.createTopics({ topics: [topic], partitions, replicas: -1 })
    } catch (error) {
      // Another process that started with this one was first.
      if (!isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) throw kafkaFailure(error)
    }
    return this.#appeared(topic)
  }

  /** A topic that was just made is known to every broker a moment later. */
  async #appeared(topic: string): Promise<TopicState> {
    for (let attempt = 0; attempt < 50; attempt++) {
      const made = await this.describe(topic)
      if (made !== undefined && made.partitions > 0) return made
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    throw new GroundstationError('KAFKA_UNREACHABLE', `The topic ${topic} was made, and isn't there`)
  }

  /** By partition. */
  async ends(topic: string): Promise<Ends[]> {
    try {
      const list = async (timestamp: bigint) =>
        (await this.#reader.listOffsets({ topics: [topic], timestamp })).get(topic) ?? []
      const [first, end] = await Promise.all([list(ListOffsetTimestamps.EARLIEST), list(ListOffsetTimestamps.LATEST)])
      return end.map((offset, partition) => ({ first: Number(first[partition] ?? 0n), end: Number(offset) }))
    } catch (error) {
      this.#reader.clearMetadata()
      throw kafkaFailure(error)
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#admin.close(), this.#reader.close(true)])
  }
}

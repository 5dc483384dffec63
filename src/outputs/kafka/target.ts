/**
 * A topic as an output's target. A delivery is a transaction, so that what is there of the alerts is always their
 * beginning: the last id that is found is where to go on.
 */
import type { KafkaConnection } from '../../kafka/connection.ts'
import type { TopicRecord } from '../../kafka/fetcher.ts'
import { readTail } from '../../kafka/tail.ts'
import type { Topics } from '../../kafka/topics.ts'
import { type NewRecord, TransactionalProducer } from '../../kafka/transactions.ts'
import { partitionOf } from '../../sequencer/lane.ts'
import type { OutgoingAlert, OutputName, Position, Target } from '../contract.ts'
import { failpoint } from '../failpoint.ts'
import { movedBy, startOf, type TopicOffsets } from './place.ts'

export type KafkaTargetOptions = {
  readonly connection: KafkaConnection
  readonly topics: Topics
  /** Whether a topic that isn't there is made. */
  readonly createsTopics: boolean
  readonly name: OutputName
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/** Of a topic that is made. */
const PARTITIONS = 8

export class KafkaTarget implements Target {
  readonly #options: KafkaTargetOptions
  readonly #producer: TransactionalProducer
  #place: TopicOffsets | undefined

  constructor(options: KafkaTargetOptions) {
    this.#options = options
    this.#producer = new TransactionalProducer(options.connection, producerNameOf(options.name))
  }

  async takeOver({ lastId, place }: Position): Promise<Position> {
    const { connection, topics, createsTopics, name, log } = this.#options
    const topic = name.target
    const state = await topics.ensure(topic, PARTITIONS, createsTopics)
    await this.#producer.fence()
    await failpoint('fenced')
    const start = startOf(topic, place as TopicOffsets | null, state, lastId)
    if (start.note !== undefined) log('warn', start.note)
    let last = lastId
    const { cluster, topicId } = state
    const offsets = await readTail({
      connection,
      topic,
      topicId,
      startOf: start.of,
      onRecord: record => {
        last = Math.max(last, idOf(record, name))
      },
    })
    this.#place = { cluster, topicId, offsets }
    return { lastId: last, place: this.#place }
  }

  async deliver(alerts: readonly OutgoingAlert[]): Promise<TopicOffsets> {
    const { name } = this.#options
    if (this.#place === undefined) throw new TypeError('deliver before takeOver')
    const partitions = await this.#producer.partitions(name.target, this.#place.topicId)
    const moved = await this.#producer.append(alerts.map(alert => recordOf(alert, name, partitions)))
    await failpoint('appended')
    await this.#producer.commit()
    await failpoint('committed')
    this.#place = movedBy(this.#place, moved)
    return this.#place
  }

  async close(): Promise<void> {
    await this.#producer.close()
  }
}

/** Neither a feed's name nor a stream's has a dot. */
export const producerNameOf = ({ feed, stream, target }: OutputName): string =>
  `groundstation.${feed}.${stream}.${target}`

function recordOf({ id, rule, key, data }: OutgoingAlert, name: OutputName, partitions: number): NewRecord {
  const { feed, stream, target: topic } = name
  const headers = { id: String(id), rule, feed, stream, 'content-type': 'application/json' }
  const value = Buffer.from(data)
  // Without a key any partition will do; by the id it is the same one whenever it is tried again.
  if (key === null) return { topic, partition: id % partitions, value, headers }
  return { topic, partition: partitionOf(key, partitions), key: Buffer.from(key), value, headers }
}

/** An alert's id; 0 where the record is none of the output's. */
function idOf({ headers }: TopicRecord, { feed, stream }: OutputName): number {
  const texts = new Map(headers.map(([name, value]) => [String(name), String(value)]))
  if (texts.get('feed') !== feed || texts.get('stream') !== stream) return 0
  const id = Number(texts.get('id'))
  return Number.isSafeInteger(id) ? id : 0
}

import { Consumer } from '@platformatic/kafka'
import { PARTITIONS } from './records.ts'

const BYTES_MAX = 2 * 1024 * 1024
const WAIT_MS = 100

/** Reads a topic from its beginning, with a request always on its way, until it is closed. */
export class TopicTail {
  readonly #consumer: Consumer
  readonly #onValue: (value: string) => void
  #isOver = false
  #running: Promise<void> = Promise.resolve()
  messages = 0

  private constructor(consumer: Consumer, onValue: (value: string) => void) {
    this.#consumer = consumer
    this.#onValue = onValue
  }

  static async open(
    { brokers, topic }: { brokers: string; topic: string },
    onValue: (value: string) => void,
  ): Promise<TopicTail> {
    const consumer = new Consumer({
      clientId: 'bench-tail',
      groupId: 'bench-tail',
      bootstrapBrokers: [brokers],
      autocommit: false,
    })
    const known = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
    const tail = new TopicTail(consumer, onValue)
    tail.#running = tail.#run(known?.partitions[0]?.leader ?? 1, known?.id ?? '')
    return tail
  }

  async close(): Promise<void> {
    this.#isOver = true
    await this.#running
    await this.#consumer.close(true)
  }

  async #run(node: number, topicId: string): Promise<void> {
    const next = Array.from({ length: PARTITIONS }, () => 0n)
    while (!this.#isOver) {
      const partitions = next.map((fetchOffset, partition) => ({
        fetchOffset,
        partition,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
        partitionMaxBytes: BYTES_MAX,
      }))
      const topics = [{ topicId, partitions }]
      const { responses } = await this.#consumer.fetch({ node, maxWaitTime: WAIT_MS, maxBytes: BYTES_MAX, topics })
      for (const { partitions: answered } of responses)
        for (const { partitionIndex, records } of answered)
          for (const batch of records ?? []) {
            const from = Number((next[partitionIndex] ?? 0n) - batch.firstOffset)
            for (const { offsetDelta, value } of batch.records)
              if (offsetDelta >= from && value !== null) this.#take(value)
            next[partitionIndex] = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
          }
    }
  }

  #take(value: Buffer): void {
    this.messages++
    this.#onValue(value.toString())
  }
}

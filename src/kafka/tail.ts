/** Reads what a topic has from given offsets to its end at that moment: what was committed, as everybody reads it. */
import { Consumer, FetchIsolationLevels, ListOffsetTimestamps } from '@platformatic/kafka'
import { GroundstationError } from '../errors.ts'
import { clientOptions, type KafkaConnection } from './connection.ts'
import { kafkaFailure } from './failure.ts'
import { fetchedOf, type TopicRecord } from './fetcher.ts'
import type { Ends } from './topics.ts'

export type TailOptions = {
  readonly connection: KafkaConnection
  readonly topic: string
  readonly topicId: string
  /** Where to begin, by partition. */
  readonly startOf: (partition: number, ends: Ends) => number
  readonly onRecord: (record: TopicRecord, partition: number) => void
}

const WAIT_MS = 500
const BYTES_MAX = 1024 * 1024
/** Others' transactions may be open so long that what follows them isn't read yet. */
const STUCK_MS_MAX = 30_000

/** Resolves with the offset behind the last record, by partition. Errors: KAFKA_UNREACHABLE. */
export async function readTail(options: TailOptions): Promise<number[]> {
  const consumer = new Consumer({
    ...clientOptions(options.connection, 'groundstation-output-reader'),
    groupId: 'groundstation-output-reader',
    autocommit: false,
  })
  consumer.on('error', () => undefined)
  try {
    const ends = await endsOf(consumer, options.topic)
    for (const [partition, here] of ends.entries())
      await readPartition(consumer, options, partition, options.startOf(partition, here), here.end)
    return ends.map(({ end }) => end)
  } catch (error) {
    throw kafkaFailure(error)
  } finally {
    await consumer.close(true).catch(() => undefined)
  }
}

/** Behind everything that was appended, whether or not its transaction has ended. */
async function endsOf(consumer: Consumer, topic: string): Promise<Ends[]> {
  const list = async (timestamp: bigint) => {
    const isolationLevel = FetchIsolationLevels.READ_UNCOMMITTED
    return (await consumer.listOffsets({ topics: [topic], timestamp, isolationLevel })).get(topic) ?? []
  }
  const [first, end] = [await list(ListOffsetTimestamps.EARLIEST), await list(ListOffsetTimestamps.LATEST)]
  return end.map((offset, partition) => ({ first: Number(first[partition] ?? 0n), end: Number(offset) }))
}

async function readPartition(
  consumer: Consumer,
  { topic, topicId, onRecord }: TailOptions,
  partition: number,
  start: number,
  end: number,
): Promise<void> {
  let stuckSinceMs = performance.now()
  for (let offset = start; offset < end; ) {
    const known = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
    const answer = await consumer.fetch({
      node: known?.partitions[partition]?.leader ?? -1,
      maxWaitTime: WAIT_MS,
      maxBytes: BYTES_MAX,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
      topics: [{ topicId, partitions: [{ ...asked(partition, offset), partitionMaxBytes: BYTES_MAX }] }],
    })
    const found = answer.responses[0]?.partitions[0]
    const { records, next } =
      found === undefined ? { records: [], next: offset } : fetchedOf(found, { partition, offset, epoch: 0 })
    for (const record of records) if (record.offset < end) onRecord(record, partition)
    // What was compacted away at the end leaves nothing to be sent.
    if (next === offset && Number(found?.lastStableOffset ?? 0n) >= end) return
    if (next > offset) stuckSinceMs = performance.now()
    else if (performance.now() - stuckSinceMs > STUCK_MS_MAX)
      throw new GroundstationError(
        'KAFKA_UNREACHABLE',
        `${topic}, partition ${partition}: another producer's transaction is open at ${offset}, so what follows isn't known yet`,
      )
    offset = next
  }
}

const asked = (partition: number, offset: number) => ({
  partition,
  fetchOffset: BigInt(offset),
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
})

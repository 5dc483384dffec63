/** Small clients for tests: records in, records out, without a group. */
import { Consumer, ListOffsetTimestamps, ProduceAcks, Producer } from '@platformatic/kafka'
import { clientOptions, type Kafka } from './client.ts'

export type NewRecord = {
  /** Null for a tombstone. */
  readonly value: string | Buffer | null
  readonly key?: string | Buffer
  readonly partition?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly timestamp?: bigint
}

export type StoredRecord = {
  readonly partition: number
  readonly offset: bigint
  readonly key: string | null
  /** Null for a tombstone. */
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly timestamp: bigint
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

const BATCH = 1_000
const FETCH_BYTES = 8 * 1024 * 1024
/** Of a batch's attributes: a marker of a transaction's end, which is no record. */
const IS_CONTROL = 0x20

/** Resolves when all of them are acknowledged, in the order given for each partition. */
export async function produce(
  kafka: Kafka,
  topic: string,
  records: readonly NewRecord[],
  { compression = 'none' }: { readonly compression?: Compression } = {},
): Promise<void> {
  const producer = new Producer({ ...clientOptions(kafka), acks: ProduceAcks.ALL, idempotent: true, compression })
  const bytes = (text: string | Buffer) => (typeof text === 'string' ? Buffer.from(text) : text)
  const messages = records.map(({ key, value, headers, ...rest }) => ({
    ...rest,
    topic,
    ...(value !== null && { value: bytes(value) }),
    ...(key !== undefined && { key: bytes(key) }),
    headers: new Map(Object.entries(headers ?? {}).map(([name, text]) => [bytes(name), bytes(text)])),
  }))
  try {
    for (let from = 0; from < messages.length; from += BATCH)
      await producer.send({ messages: messages.slice(from, from + BATCH) })
  } finally {
    await producer.close()
  }
}

/** What is in the topic when it is asked, by partition and offset. */
export async function readAll(kafka: Kafka, topic: string): Promise<StoredRecord[]> {
  const consumer = new Consumer({ ...clientOptions(kafka), groupId: 'tests-without-a-group' })
  try {
    const first = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.EARLIEST })
    const ends = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST })
    const found: StoredRecord[][] = []
    for (const [partition, end] of ends.get(topic)?.entries() ?? [])
      found.push(await readPartition(consumer, topic, partition, first.get(topic)?.[partition] ?? 0n, end))
    return found.flat()
  } finally {
    await consumer.close()
  }
}

async function readPartition(consumer: Consumer, topic: string, partition: number, from: bigint, end: bigint) {
  const records: StoredRecord[] = []
  const found = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
  for (let next = from; next < end; ) {
    const asked = { partition, fetchOffset: next, partitionMaxBytes: FETCH_BYTES }
    const answer = await consumer.fetch({
      node: found?.partitions[partition]?.leader ?? 1,
      topics: [{ topicId: found?.id ?? '', partitions: [{ ...asked, currentLeaderEpoch: -1, lastFetchedEpoch: -1 }] }],
    })
    for (const batch of answer.responses[0]?.partitions[0]?.records ?? []) {
      next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
      if ((batch.attributes & IS_CONTROL) !== 0) continue
      for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
        const offset = batch.firstOffset + BigInt(offsetDelta)
        const timestamp = batch.firstTimestamp + timestampDelta
        const named = Object.fromEntries(headers.map(([name, text]) => [String(name), String(text)]))
        const text = (bytes: Buffer | null) => bytes?.toString() ?? null
        if (offset >= from && offset < end)
          records.push({ partition, offset, key: text(key), value: text(value), headers: named, timestamp })
      }
    }
  }
  return records
}

/** Small clients for tests: records in, records out, without a group. */
import { Consumer, FetchIsolationLevels, ListOffsetTimestamps, ProduceAcks, Producer } from '@platformatic/kafka'
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
const IS_TRANSACTIONAL = 0x10

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

/**
 * What whoever reads only committed records gets, worked out from the log alone: a transaction's records count once its
 * marker says so.
 */
export async function readCommitted(kafka: Kafka, topic: string): Promise<StoredRecord[]> {
  const consumer = new Consumer({ ...clientOptions(kafka), groupId: 'tests-without-a-group' })
  const isolationLevel = FetchIsolationLevels.READ_UNCOMMITTED
  try {
    const ends = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST, isolationLevel })
    const first = await consumer.listOffsets({
      topics: [topic],
      timestamp: ListOffsetTimestamps.EARLIEST,
      isolationLevel,
    })
    const found: StoredRecord[][] = []
    for (const [partition, end] of ends.get(topic)?.entries() ?? [])
      found.push(committedOf(await batchesOf(consumer, topic, partition, first.get(topic)?.[partition] ?? 0n, end)))
    return found.flat()
  } finally {
    await consumer.close()
  }
}

type Batch = Awaited<ReturnType<typeof batchesOf>>[number]

function committedOf(batches: readonly Batch[]): StoredRecord[] {
  const open = new Map<bigint, StoredRecord[]>()
  const committed: StoredRecord[] = []
  for (const { isControl, isTransactional, isCommit, producerId, records } of batches) {
    if (isControl) {
      if (isCommit) committed.push(...(open.get(producerId) ?? []))
      open.delete(producerId)
    } else if (isTransactional) open.set(producerId, [...(open.get(producerId) ?? []), ...records])
    else committed.push(...records)
  }
  return committed.sort((a, b) => Number(a.offset - b.offset))
}

async function batchesOf(consumer: Consumer, topic: string, partition: number, from: bigint, end: bigint) {
  const batches = []
  const found = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
  for (let next = from; next < end; ) {
    const asked = { partition, fetchOffset: next, partitionMaxBytes: FETCH_BYTES }
    const answer = await consumer.fetch({
      node: found?.partitions[partition]?.leader ?? 1,
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
      topics: [{ topicId: found?.id ?? '', partitions: [{ ...asked, currentLeaderEpoch: -1, lastFetchedEpoch: -1 }] }],
    })
    for (const batch of answer.responses[0]?.partitions[0]?.records ?? []) {
      const { attributes, producerId, firstOffset } = batch
      const isControl = (attributes & IS_CONTROL) !== 0
      next = firstOffset + BigInt(batch.lastOffsetDelta) + 1n
      batches.push({
        producerId,
        isControl,
        isTransactional: (attributes & IS_TRANSACTIONAL) !== 0,
        isCommit: isControl && batch.records[0]?.key?.readInt16BE(2) === 1,
        records: batch.records.map(record => storedOf(batch, record, partition)),
      })
    }
  }
  return batches
}

type RawBatch = { readonly firstOffset: bigint; readonly firstTimestamp: bigint }
type RawRecord = {
  readonly offsetDelta: number
  readonly timestampDelta: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

function storedOf({ firstOffset, firstTimestamp }: RawBatch, record: RawRecord, partition: number): StoredRecord {
  const text = (bytes: Buffer | null) => bytes?.toString() ?? null
  return {
    partition,
    offset: firstOffset + BigInt(record.offsetDelta),
    key: text(record.key),
    value: text(record.value),
    headers: Object.fromEntries(record.headers.map(([name, value]) => [String(name), String(value)])),
    timestamp: firstTimestamp + record.timestampDelta,
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
      for (const raw of batch.records) {
        const record = storedOf(batch, raw, partition)
        if (record.offset >= from && record.offset < end) records.push(record)
      }
    }
  }
  return records
}

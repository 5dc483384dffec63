import { Consumer } from '@platformatic/kafka'
import { PARTITIONS } from './records.ts'

export type Source = { readonly brokers: string; readonly topic: string; readonly ends: readonly number[] }

type Fetch = Awaited<ReturnType<Consumer['fetch']>>

/** Transactions of a connection that may wait to be written before no more is fetched. */
const AHEAD_MAX = 8
const BYTES_MAX = 2 * 1024 * 1024
const WAIT_MS = 100

/** Fetches a topic from its beginning to its end, with one request always on its way, and parses what comes. */
export class Parsing {
  /** How many transactions each connection writes, of an even share of its partitions' records each. */
  readonly #transactions: readonly number[]
  readonly #counts: number[]
  readonly #written: number[]
  #totals: readonly number[] = []
  #waiting: (() => void)[] = []

  constructor(transactions: readonly number[]) {
    this.#transactions = transactions
    this.#counts = transactions.map(() => 0)
    this.#written = transactions.map(() => 0)
  }

  get parsed(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /** Whether all records of a connection's transaction are parsed. */
  isParsed(connection: number, transaction: number): boolean {
    return this.#share(connection) >= transaction + 1
  }

  wrote(connection: number): void {
    this.#written[connection] = (this.#written[connection] ?? 0) + 1
    this.#wake()
  }

  changed(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  async run({ brokers, topic, ends }: Source): Promise<void> {
    this.#totals = this.#transactions.map((_, connection) => {
      return ends.reduce((sum, end, partition) => (this.#connectionOf(partition) === connection ? sum + end : sum), 0)
    })
    const consumer = new Consumer({
      clientId: 'bench',
      groupId: 'bench',
      bootstrapBrokers: [brokers],
      autocommit: false,
    })
    try {
      const known = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
      const next = Array.from({ length: PARTITIONS }, () => 0n)
      const open = () =>
        next.flatMap((fetchOffset, partition) =>
          Number(fetchOffset) < (ends[partition] ?? 0) ? [{ fetchOffset, partition }] : [],
        )
      const ask = (): Promise<Fetch> =>
        consumer.fetch({
          node: known?.partitions[0]?.leader ?? 1,
          maxWaitTime: WAIT_MS,
          maxBytes: BYTES_MAX,
          topics: [{ topicId: known?.id ?? '', partitions: open().map(requestOf) }],
        })
      for (let asked: Promise<Fetch> | undefined = ask(); asked !== undefined; ) {
        const records = advance(await asked, next)
        while (this.#isAhead()) await this.changed()
        asked = open().length > 0 ? ask() : undefined
        this.#parse(records)
      }
    } finally {
      await consumer.close(true)
    }
  }

  #parse(records: readonly (readonly [partition: number, value: Buffer])[]): void {
    for (const [partition, value] of records) {
      JSON.parse(value.toString())
      const connection = this.#connectionOf(partition)
      this.#counts[connection] = (this.#counts[connection] ?? 0) + 1
    }
    this.#wake()
  }

  #isAhead(): boolean {
    return this.#written.some((written, connection) => this.#share(connection) - written > AHEAD_MAX)
  }

  /** How many transactions' worth is parsed. */
  #share(connection: number): number {
    const part = (this.#counts[connection] ?? 0) / (this.#totals[connection] ?? Number.NaN)
    return part * (this.#transactions[connection] ?? 0)
  }

  readonly #connectionOf = (partition: number): number => partition % this.#transactions.length

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

const requestOf = (place: { readonly partition: number; readonly fetchOffset: bigint }) => ({
  ...place,
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
  partitionMaxBytes: BYTES_MAX,
})

/** The records of an answer that are new, each with its partition; moves the offsets on. */
function advance({ responses }: Fetch, next: bigint[]): [number, Buffer][] {
  const found: [number, Buffer][] = []
  for (const { partitions } of responses)
    for (const { partitionIndex, records } of partitions)
      for (const { firstOffset, lastOffsetDelta, records: batch } of records ?? []) {
        const from = Number((next[partitionIndex] ?? 0n) - firstOffset)
        for (const { offsetDelta, value } of batch)
          if (offsetDelta >= from && value !== null) found.push([partitionIndex, value])
        const end = firstOffset + BigInt(lastOffsetDelta) + 1n
        if (end > (next[partitionIndex] ?? 0n)) next[partitionIndex] = end
      }
  return found
}

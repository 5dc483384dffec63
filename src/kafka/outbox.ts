import { GroundstationError } from '../errors.ts'

export type Outgoing = {
  readonly topic: string
  readonly partition: number
  readonly key?: Buffer
  readonly value: Buffer
  /** Milliseconds since 1970. */
  readonly timestamp: bigint
  readonly headers: Readonly<Record<string, string>>
}

/** Where a record was appended. */
export type Appended = { readonly partition: number; readonly offset: number }

export type Sending = {
  readonly record: Outgoing
  /** When it must have been answered, by `performance.now()`. */
  readonly dueMs: number
  resolve(appended: Appended): void
  reject(error: Error): void
}

const REQUEST_RECORDS_MAX = 2_000
const REQUEST_BYTES_MAX = 768 * 1024
const RECORDS_MAX = 50_000
const BYTES_MAX = 64 * 1024 * 1024

/** Records that wait for a request, first come first served. Bounded: `hasRoom` is asked before anything is added. */
export class Outbox {
  #waiting: Sending[] = []
  #bytes = 0
  #requestBytesMax = REQUEST_BYTES_MAX

  get length(): number {
    return this.#waiting.length
  }

  hasRoom(): boolean {
    return this.#waiting.length < RECORDS_MAX && this.#bytes < BYTES_MAX
  }

  add(sending: Sending): void {
    this.#waiting.push(sending)
    this.#bytes += sending.record.value.length
  }

  /** The next request's. */
  take(): Sending[] {
    let count = 0
    let bytes = 0
    for (const { record } of this.#waiting) {
      const more = record.value.length
      // Only the first may be larger: a partition takes no more at once than of one record.
      if (count > 0 && (count >= REQUEST_RECORDS_MAX || bytes + more > this.#requestBytesMax)) break
      bytes += more
      count++
    }
    return this.#remove(count)
  }

  /** The next requests are smaller than this one was. */
  shrink(taken: readonly Sending[]): void {
    this.#requestBytesMax = bytesOf(taken) / 2
  }

  /** What should have been answered by now. */
  takeDue(nowMs: number): Sending[] {
    const count = this.#waiting.findIndex(({ dueMs }) => dueMs > nowMs)
    return this.#remove(count === -1 ? this.#waiting.length : count)
  }

  #remove(count: number): Sending[] {
    const taken = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    this.#bytes -= bytesOf(taken)
    return taken
  }
}

const bytesOf = (some: readonly Sending[]): number => some.reduce((sum, { record }) => sum + record.value.length, 0)

/** A partition's records of one request follow each other from the offset that its broker answered with. */
export function settle(
  taken: readonly Sending[],
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

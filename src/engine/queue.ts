import { bytesOf, type Work } from './work.ts'

export type QueueLimits = {
  readonly batchEventsMax: number
  readonly batchBytesMax: number
  readonly queueEventsMax: number
  readonly queueBytesMax: number
}

/** Works that wait, first come first served. Bounded: `hasRoom` is asked before anything is pushed. */
export class WorkQueue {
  readonly #limits: QueueLimits
  #works: Work[] = []
  #bytes = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#works.length
  }

  get oldestMs(): number | undefined {
    return this.#works[0]?.enqueuedMs
  }

  hasRoom(): boolean {
    return this.#works.length < this.#limits.queueEventsMax && this.#bytes < this.#limits.queueBytesMax
  }

  push(work: Work): void {
    this.#works.push(work)
    this.#bytes += bytesOf(work)
  }

  /** The next batch, bounded in events and bytes. A log's chunk is not cut: its offset moves with all of its events or none. */
  take(): Work[] {
    const { batchEventsMax, batchBytesMax } = this.#limits
    let count = 0
    let bytes = 0
    while (count < this.#works.length) {
      const work = this.#works[count] as Work
      const log = logOf(work)
      const continues = count > 0 && log !== undefined && logOf(this.#works[count - 1]) === log
      if (!continues && (count >= batchEventsMax || bytes >= batchBytesMax)) break
      bytes += bytesOf(work)
      count++
    }
    const taken = count === this.#works.length ? this.#works : this.#works.slice(0, count)
    this.#works = count === this.#works.length ? [] : this.#works.slice(count)
    this.#bytes -= bytes
    return taken
  }
}

export const logOf = (work: Work | undefined) => (work !== undefined && 'log' in work ? work.log : undefined)

import { logOf, type QueueLimits, WorkQueue } from './queue.ts'
import type { Work } from './work.ts'

export type WriterLimits = QueueLimits & {
  /** How long a batch is tried again while the database can't be reached. */
  readonly retryMs: number
}

export const WRITER_LIMITS: WriterLimits = {
  batchEventsMax: 10_000,
  batchBytesMax: 8 * 1024 * 1024,
  queueEventsMax: 50_000,
  queueBytesMax: 64 * 1024 * 1024,
  retryMs: 5_000,
}

/** Up to so many works waiting are one transaction, whatever their lanes: fewer commits beat commits side by side. */
const TOGETHER_MAX = 32

/**
 * A feed's writers: what waits for a lane waits in the queue of the writer that the lane belongs to.
 *
 *     idle ──little waits──▶ together    one transaction takes what waits in every queue
 *       └────much waits────▶ apart       each writer applies its own queue, side by side
 *
 * From `together` it goes back to idle after each batch; a writer that is apart goes on while its queue has works. The
 * next batch gathers while one commits, so a post that comes alone waits for nothing, and posts that come together are
 * committed together. A lane is in two transactions of a process only where a log's events are in other lanes than its own.
 */
export class Writers {
  readonly #apply: (works: Work[]) => Promise<void>
  readonly #queues: readonly WorkQueue[]
  readonly #togetherMax: number
  /** What each writer is applying; all the same while together. */
  readonly #taken: (Work[] | undefined)[]
  #running = 0
  #roomWaiters: (() => void)[] = []
  #idleWaiters: (() => void)[] = []

  constructor(count: number, limits: WriterLimits, apply: (works: Work[]) => Promise<void>) {
    this.#apply = apply
    this.#queues = Array.from({ length: count }, () => new WorkQueue(limits))
    this.#taken = this.#queues.map(() => undefined)
    this.#togetherMax = Math.min(TOGETHER_MAX, limits.batchEventsMax)
  }

  hasRoom(): boolean {
    return this.#queues.every(queue => queue.hasRoom())
  }

  /** Resolves when every queue has room again. */
  async room(): Promise<void> {
    while (!this.hasRoom()) await new Promise<void>(resolve => this.#roomWaiters.push(resolve))
  }

  /** When the longest waiting work was queued (`performance.now()`), or undefined where none waits. */
  get oldestMs(): number | undefined {
    const since = [...this.#taken.map(works => works?.[0]?.enqueuedMs), ...this.#queues.map(queue => queue.oldestMs)]
    const known = since.filter(one => one !== undefined)
    return known.length === 0 ? undefined : Math.min(...known)
  }

  enqueue(work: Work): void {
    this.#queues[(logOf(work)?.lane ?? work.lane) % this.#queues.length]?.push(work)
  }

  /** Starts on what waits, as far as writers are free. Called once for all that was queued together. */
  wake(): void {
    const waiting = this.#queues.reduce((sum, queue) => sum + queue.length, 0)
    if (waiting === 0) return
    if (this.#running === 0 && waiting <= this.#togetherMax) {
      const works = this.#queues.flatMap(queue => queue.take())
      this.#start(
        works,
        this.#queues.map((_, index) => index),
      )
      return
    }
    for (const [index, queue] of this.#queues.entries())
      if (this.#taken[index] === undefined && queue.length > 0) this.#start(queue.take(), [index])
  }

  /** Resolves when nothing waits and nothing runs. */
  async drained(): Promise<void> {
    while (this.#running > 0) await new Promise<void>(resolve => this.#idleWaiters.push(resolve))
  }

  #start(works: Work[], writers: readonly number[]): void {
    this.#running++
    for (const writer of writers) this.#taken[writer] = works
    settleAll(this.#roomWaiters.splice(0))
    void this.#apply(works).finally(() => {
      for (const writer of writers) this.#taken[writer] = undefined
      this.#running--
      this.wake()
      if (this.#running === 0) settleAll(this.#idleWaiters.splice(0))
    })
  }
}

function settleAll(waiters: readonly (() => void)[]): void {
  for (const resolve of waiters) resolve()
}

import { GroundstationError } from '../errors.ts'
import { asStoreError, failureKind } from '../store/store.ts'
import type { Transactions } from './transaction.ts'
import { ACCEPTED, bytesOf, type Work } from './work.ts'

export type WriterLimits = {
  readonly batchEventsMax: number
  readonly batchBytesMax: number
  readonly queueEventsMax: number
  readonly queueBytesMax: number
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

/** A batch that has waited long already is tried again for so long at least. */
const RETRY_MS_MIN = 1_000

/**
 * One writer of a feed: its lanes are its own within the process. It is idle, or applies one batch while the next gathers:
 *
 *     idle ──enqueue──▶ running ──queue empty──▶ idle
 *                         │ ▲
 *                         └─┘ a batch a time, of whatever has gathered
 *
 * so a post that comes alone waits for nothing, and posts that come together are committed together. The queue is bounded:
 * what doesn't fit is refused at once (`hasRoom`), never kept.
 */
export class Writer {
  readonly #transactions: Transactions
  readonly #limits: WriterLimits
  readonly #onFailure: (error: unknown) => void
  #queue: Work[] = []
  #queueBytes = 0
  #running: Promise<void> | undefined
  #roomWaiters: (() => void)[] = []
  #taken: Work[] = []

  constructor(transactions: Transactions, limits: WriterLimits, onFailure: (error: unknown) => void) {
    this.#transactions = transactions
    this.#limits = limits
    this.#onFailure = onFailure
  }

  get queued(): number {
    return this.#queue.length
  }

  hasRoom(): boolean {
    return this.#queue.length < this.#limits.queueEventsMax && this.#queueBytes < this.#limits.queueBytesMax
  }

  /** When the longest waiting work was queued (`performance.now()`), or undefined where none waits. */
  get oldestMs(): number | undefined {
    return (this.#taken[0] ?? this.#queue[0])?.enqueuedMs
  }

  enqueue(work: Work): void {
    this.#queue.push(work)
    this.#queueBytes += bytesOf(work)
  }

  /** Starts on what is queued, where it isn't running already. Called once for all that was queued together. */
  wake(): void {
    if (this.#running === undefined && this.#queue.length > 0) {
      this.#running = this.#run().finally(() => {
        this.#running = undefined
        this.wake()
      })
    }
  }

  /** Resolves when the queue has room again. */
  async room(): Promise<void> {
    while (!this.hasRoom()) await new Promise<void>(resolve => this.#roomWaiters.push(resolve))
  }

  /** Resolves when nothing is queued or running. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      this.#taken = this.#take()
      await this.#apply(this.#taken)
      this.#taken = []
    }
  }

  #take(): Work[] {
    const { batchEventsMax, batchBytesMax } = this.#limits
    let count = 0
    let bytes = 0
    while (count < this.#queue.length) {
      const work = this.#queue[count] as Work
      // A log's chunk is applied whole: its offset moves with all of its events or with none.
      const previous = this.#queue[count - 1]
      const continues =
        count > 0 &&
        'log' in work &&
        work.log !== undefined &&
        previous !== undefined &&
        'log' in previous &&
        previous.log === work.log
      if (!continues && (count >= batchEventsMax || bytes >= batchBytesMax)) break
      bytes += bytesOf(work)
      count++
    }
    const taken = count === this.#queue.length ? this.#queue : this.#queue.slice(0, count)
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count)
    this.#queueBytes -= bytes
    const waiters = this.#roomWaiters
    this.#roomWaiters = []
    for (const resolve of waiters) resolve()
    return taken
  }

  /** Applies a batch, again where that is safe; one that its data refuses is cut in halves until the one event is found. */
  async #apply(works: Work[]): Promise<void> {
    // Counted from when the oldest was queued: who waited behind a batch that failed isn't kept waiting as long again.
    const queuedMs = works[0]?.enqueuedMs ?? 0
    const deadline = Math.max(queuedMs + this.#limits.retryMs, performance.now() + RETRY_MS_MIN)
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#transactions.run(works)
        return settle(works)
      } catch (error) {
        const kind = failureKind(error)
        if ((kind === 'connection' || kind === 'retry') && performance.now() < deadline) {
          await new Promise(resolve =>
            setTimeout(resolve, Math.min(50 * 2 ** attempt, 1000) * (0.5 + Math.random() / 2)),
          )
          continue
        }
        if (kind === 'data' && works.length > 1) return this.#applyHalves(works)
        if (kind === 'data' && refuseAsData(works, error)) continue
        this.#onFailure(error)
        const shown = asStoreError(error)
        const failure =
          shown instanceof GroundstationError
            ? shown
            : new GroundstationError('INTERNAL', 'A batch failed', { cause: error })
        for (const work of works) work.ticket.fail(failure)
        return
      }
    }
  }

  async #applyHalves(works: Work[]): Promise<void> {
    let middle = works.length >> 1
    const first = works[0]
    const log = first !== undefined && 'log' in first ? first.log : undefined
    // A chunk is not cut: its first half is the chunk itself, unless the batch is nothing else.
    if (log !== undefined) {
      const end = works.findIndex(work => !('log' in work) || work.log !== log)
      middle = end === -1 ? works.length : end
    }
    if (middle === works.length) {
      this.#onFailure(new GroundstationError('INTERNAL', 'A chunk of a log was refused by the database'))
      for (const work of works)
        work.ticket.fail(new GroundstationError('INTERNAL', 'A chunk of a log was refused by the database'))
      return
    }
    await this.#apply(works.slice(0, middle))
    await this.#apply(works.slice(middle))
  }
}

function settle(works: readonly Work[]): void {
  for (const work of works) work.ticket.settle(work.index, work.outcome ?? ACCEPTED)
}

/** Turns the one event that the database itself refused into a dead letter; false where it is one already. */
function refuseAsData(works: Work[], error: unknown): boolean {
  const [work] = works
  if (work?.kind !== 'event') return false
  const code = String((error as { code?: unknown }).code ?? '')
  works[0] = {
    kind: 'refused',
    lane: work.lane,
    ticket: work.ticket,
    index: work.index,
    enqueuedMs: work.enqueuedMs,
    raw: work.parsed.raw,
    refusal: {
      reason: 'store',
      message: `the database refused it (SQLSTATE ${code})`,
      pointer: '',
      key: work.parsed.key === '' ? undefined : work.parsed.key,
      sequence: work.parsed.sequence === 0 ? undefined : work.parsed.sequence,
    },
    origin: work.origin,
    log: work.log,
    outcome: undefined,
  }
  return true
}

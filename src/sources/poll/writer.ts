import type { Engine, LogPosition, Outcome, PollTurn, Submission } from '../../engine/contract.ts'
import { POLL_LOG } from '../../engine/contract.ts'
import type { Refusal } from '../../feed/parse.ts'
import type { CompiledPoll } from '../../feed/poll.ts'
import { BEGINNING_BYTES, type PageFailure } from './failure.ts'

export type WriterOptions = {
  readonly engine: Engine
  readonly feed: string
  readonly poll: CompiledPoll
  readonly eventBytesMax: number
}

/** The page, where there are several; how many items of it came before; the items' places behind those, where some are left out. */
export type ItemsPlace = {
  readonly page?: number | undefined
  readonly before?: number
  readonly places?: readonly number[]
}

type Outcomes = readonly (Outcome | undefined)[]

/** Submits what a poll brings, page by page, fenced by the epoch of its turn. Raises SOURCE_FENCED, and what `submit` does. */
export class PageWriter {
  readonly #options: WriterOptions
  readonly #epoch: number
  readonly #signal: AbortSignal
  #offset: number

  constructor(options: WriterOptions, { epoch, nextOffset }: PollTurn, signal: AbortSignal) {
    this.#options = options
    this.#epoch = epoch
    this.#signal = signal
    this.#offset = nextOffset
  }

  /** Items, with where the poll goes on after them; that alone where there are none. */
  async apply(
    items: readonly Buffer[],
    { page, before = 0, places }: ItemsPlace,
    cursor: (outcomes: Outcomes) => unknown,
  ): Promise<readonly Outcome[]> {
    const { poll, eventBytesMax } = this.#options
    const where = page === undefined ? {} : { page }
    const outcomes = await this.#submit({
      events: items.map(item => (item.length > eventBytesMax ? item.subarray(0, BEGINNING_BYTES) : item)),
      origin: index => ({ poll: poll.shown, ...where, item: before + (places?.[index] ?? index) + 1 }),
      refusalOf: index => refuseSize(items[index]?.length ?? 0, eventBytesMax),
      log: { ...this.#position(1), cursor },
    })
    this.#offset++
    return outcomes
  }

  /** The beginning of an answer that isn't what it should be, as a dead letter. */
  async keep({ message }: PageFailure, beginning: Buffer): Promise<void> {
    const refusal: Refusal = { reason: 'answer', message, pointer: '', key: undefined, sequence: undefined }
    await this.#submit({
      events: [beginning],
      origin: { poll: this.#options.poll.shown },
      refusalOf: () => refusal,
      log: this.#position(0),
    })
  }

  async #submit(submission: Submission): Promise<Outcome[]> {
    const { engine, feed } = this.#options
    await engine.room(feed, this.#signal)
    return engine.submit(feed, submission)
  }

  /** What is submitted together is one place in the log, whatever it holds. */
  #position(pages: number): LogPosition {
    const first = this.#offset
    return { name: POLL_LOG, epoch: this.#epoch, first, next: first + pages, offsetOf: () => first }
  }
}

function refuseSize(bytes: number, bytesMax: number): Refusal | undefined {
  if (bytes <= bytesMax) return undefined
  const message = `has ${bytes} bytes; an event has at most ${bytesMax}. This is its beginning`
  return { reason: 'size', message, pointer: '', key: undefined, sequence: undefined }
}

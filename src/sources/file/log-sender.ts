/**
 * For events without an identity of their own: the input is a log, and an event's ordinal its offset. The engine keeps, in
 * the transaction that stores events, how far the log is in and the digest of all events up to there.
 *
 *   skipping ──the ordinal reaches the known offset, digests equal──▶ submitting, one chunk at a time
 *     │    ▲                                                                   │
 *     │    └── another reads the same log, and was faster: the chunk anew ─────┘
 *     └── digests differ, or the input ends before ──▶ SOURCE_CONFLICT; nothing of this input is stored
 */
import { createHash } from 'node:crypto'
import type { KnownLog, Outcome } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { Sender, SendTarget } from './sender.ts'

const LINE_FEED = Buffer.from('\n')

export class LogSender implements Sender {
  readonly #target: SendTarget
  readonly #log: string
  #known: KnownLog | undefined
  #hash = createHash('sha256')
  /** Of the next event. */
  #offset = 0

  private constructor(target: SendTarget, log: string, known: KnownLog | undefined) {
    this.#target = target
    this.#log = log
    this.#known = known
  }

  static async open(target: SendTarget, log: string): Promise<LogSender> {
    return new LogSender(target, log, await target.engine.log(target.feed, log))
  }

  async send(events: readonly Buffer[], places: readonly number[], isLast: boolean): Promise<void> {
    const skipped = Math.min(Math.max(0, this.#stored - this.#offset), events.length)
    if (skipped > 0) await this.#skip(events.slice(0, skipped), places.slice(0, skipped))
    if (skipped < events.length) await this.#store(events.slice(skipped), places.slice(skipped), isLast)
  }

  async finish(): Promise<void> {
    if (this.#offset < this.#stored) throw this.#conflict(`this input ends at ${this.#offset}`)
  }

  get #stored(): number {
    return this.#known?.nextOffset ?? 0
  }

  /** What is stored already is a duplicate. What was refused then is refused again: it isn't on the record. */
  async #skip(events: readonly Buffer[], places: readonly number[]): Promise<void> {
    const { engine, feed, tell } = this.#target
    for (const event of events) this.#read(event)
    if (this.#offset === this.#stored && this.#known?.digest?.equals(this.#digest()) !== true)
      throw this.#conflict("this input's first are others")
    const refused: number[] = []
    for (const [index, event] of events.entries())
      if (engine.feeds.get(feed)?.parse(event).ok === false) refused.push(index)
      else tell({ outcome: 'duplicate' }, places[index] ?? 0)
    if (refused.length === 0) return
    await this.#submit(
      refused.flatMap(index => events[index] ?? []),
      refused.map(index => places[index] ?? 0),
    )
  }

  async #store(events: readonly Buffer[], places: readonly number[], isComplete: boolean): Promise<void> {
    const { engine, feed } = this.#target
    const [first, hash] = [this.#offset, this.#hash.copy()]
    for (const event of events) this.#read(event)
    try {
      await this.#submit(events, places, { name: this.#log, first, digest: this.#digest(), isComplete })
    } catch (error) {
      if (!(error instanceof GroundstationError) || error.code !== 'SOURCE_CONFLICT') throw error
      this.#known = await engine.log(feed, this.#log)
      if (this.#stored <= first) throw error
      this.#offset = first
      this.#hash = hash
      await this.send(events, places, isComplete)
    }
  }

  async #submit(
    events: readonly Buffer[],
    places: readonly number[],
    log?: { name: string; first: number; digest: Buffer; isComplete: boolean },
  ): Promise<void> {
    const { engine, feed, name, signal, tell } = this.#target
    await engine.room(feed, signal)
    const origin = (index: number) => ({ file: name, event: places[index] ?? 0 })
    const submission = { events, origin, ...(log === undefined ? {} : { log }) }
    const outcomes: readonly Outcome[] = await engine.submit(feed, submission)
    for (const [index, outcome] of outcomes.entries()) tell(outcome, places[index] ?? 0)
  }

  #read(event: Buffer): void {
    this.#hash.update(event)
    this.#hash.update(LINE_FEED)
    this.#offset++
  }

  #digest(): Buffer {
    return this.#hash.copy().digest()
  }

  #conflict(difference: string): GroundstationError {
    const shown = this.#log.startsWith('name:') ? `The log '${this.#log.slice(5)}'` : 'This file'
    return new GroundstationError(
      'SOURCE_CONFLICT',
      `${shown} is stored up to its event ${this.#stored}, and ${difference}. Nothing of it was stored: ingest it under another name (--as).`,
    )
  }
}

/**
 * A request with an idempotency key, to a feed whose events have no identity of their own: the request is a log, and an
 * event's ordinal its offset. What an earlier attempt has stored is skipped, once it is proven to be the same.
 *
 *   skipping ──the ordinal reaches the known offset, digests equal──▶ submitting ──last chunk──▶ complete
 *     │    ▲                                                           │   │
 *     │    └── another request with the key was faster: the chunk anew ┘   │
 *     └── digests differ, the body ends before, or goes on behind ─────────┴──▶ IDEMPOTENCY_CONFLICT
 *
 * No receipt is told while skipping: "duplicate" would be a lie if the body turned out to be another one.
 */
import type { KnownLog } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { SplitItem } from '../split.ts'
import { BodyDigest, logNameOf } from './body-digest.ts'
import type { Chunk } from './chunk.ts'
import { DUPLICATE, type Receipt } from './receipt.ts'
import { eventsOf, originOf, receiptsOf, type Target } from './submitter.ts'

export class LogSubmitter {
  readonly #target: Target
  readonly #name: string
  #digest = new BodyDigest()
  #known: KnownLog | undefined
  #isAsked = false
  /** Events that were read, those too large left out: the offset of the next. */
  #offset = 0
  /** Events that were read, all of them. */
  #count = 0
  /** What was skipped and isn't told yet. */
  #untold: Receipt[] = []

  constructor(target: Target, idempotencyKey: string) {
    this.#target = target
    this.#name = logNameOf(idempotencyKey)
  }

  /** Takes the chunks one after another. */
  async submit(part: { chunk: Chunk; isLast: boolean }): Promise<readonly Receipt[]> {
    const { engine, feed } = this.#target
    if (!this.#isAsked) this.#known = await engine.log(feed.name, this.#name)
    this.#isAsked = true
    for (;;) {
      const [digest, offset, count, untold] = [this.#digest.copy(), this.#offset, this.#count, [...this.#untold]]
      try {
        return await this.#take(part)
      } catch (error) {
        if (!(error instanceof GroundstationError) || error.code !== 'SOURCE_CONFLICT') throw error
        this.#known = await engine.log(feed.name, this.#name)
        if ((this.#known?.nextOffset ?? 0) <= offset) throw error
        this.#digest = digest
        this.#offset = offset
        this.#count = count
        this.#untold = untold
      }
    }
  }

  async #take({ chunk, isLast }: { chunk: Chunk; isLast: boolean }): Promise<readonly Receipt[]> {
    const stored = this.#known?.nextOffset ?? 0
    let skipped = 0
    for (const item of chunk) {
      if (this.#offset >= stored && !item.tooLarge) break
      this.#read(item)
      skipped++
      if (this.#offset === stored && stored > 0 && !item.tooLarge) this.#prove()
    }
    this.#untold.push(...(await this.#skip(chunk.slice(0, skipped))))
    if (this.#offset < stored) {
      if (isLast) throw this.#conflict()
      return []
    }
    const told = this.#untold
    this.#untold = []
    const receipts = skipped < chunk.length ? await this.#store(chunk.slice(skipped), isLast) : []
    return told.length === 0 ? receipts : [...told, ...receipts]
  }

  #read(item: SplitItem): void {
    this.#digest.add(item)
    this.#count++
    if (!item.tooLarge) this.#offset++
  }

  #prove(): void {
    if (this.#known?.digest?.equals(this.#digest.soFar()) !== true) throw this.#conflict()
  }

  async #store(chunk: Chunk, isLast: boolean): Promise<readonly Receipt[]> {
    const { engine, feed, path, headers, eventBytesMax, signal } = this.#target
    if (this.#known?.isComplete) throw this.#conflict()
    const events = eventsOf(chunk)
    const first = this.#offset
    const origin = originOf(path, this.#count + 1, chunk)
    for (const item of chunk) this.#read(item)
    if (events.length === 0) return receiptsOf(chunk, [], eventBytesMax)
    if (first > 0) await engine.room(feed.name, signal)
    const log = { name: this.#name, first, digest: this.#digest.soFar(), isComplete: isLast }
    return receiptsOf(chunk, await engine.submit(feed.name, { events, headers, origin, log }), eventBytesMax)
  }

  /** What is stored already is a duplicate. What was refused then is refused again: it isn't on the record. */
  async #skip(chunk: Chunk): Promise<readonly Receipt[]> {
    const { engine, feed, path, eventBytesMax, signal } = this.#target
    const isRefused = (item: SplitItem) => !item.tooLarge && !feed.parse(item.bytes).ok
    const refused = chunk.filter(isRefused)
    let outcomes: Receipt[] = []
    if (refused.length > 0) {
      await engine.room(feed.name, signal)
      outcomes = await engine.submit(feed.name, { events: eventsOf(refused), origin: { http: path } })
    }
    const next = outcomes.values()
    const receipts = eventsOf(chunk).map(bytes => (isRefused({ bytes }) ? (next.next().value ?? DUPLICATE) : DUPLICATE))
    return receiptsOf(chunk, receipts, eventBytesMax)
  }

  #conflict(): GroundstationError {
    return new GroundstationError(
      'IDEMPOTENCY_CONFLICT',
      'This idempotency key came with another body before. What that one stored stays; nothing new of this one is stored.',
    )
  }
}

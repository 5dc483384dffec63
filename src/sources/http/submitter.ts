import { setImmediate } from 'node:timers/promises'
import type { Headers, Intake, Origin } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { Chunk } from './chunk.ts'
import { type Receipt, tooLarge } from './receipt.ts'

/** Where a request's events go, and what its dead letters say of where they came from. */
export type Target = {
  readonly engine: Intake
  readonly feed: CompiledFeed
  readonly path: string
  /** Of the request: those that the feed has columns for. */
  readonly headers: Headers
  readonly eventBytesMax: number
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** The bytes of a chunk's events that are not too large. */
export function eventsOf(chunk: Chunk): Buffer[] {
  const events: Buffer[] = []
  for (const item of chunk) if (!item.tooLarge) events.push(item.bytes)
  return events
}

/** Puts the receipts of those that were too large between the outcomes of the others. */
export function receiptsOf(chunk: Chunk, outcomes: readonly Receipt[], eventBytesMax: number): readonly Receipt[] {
  if (outcomes.length === chunk.length) return outcomes
  const others = outcomes.values()
  const receipts: Receipt[] = []
  for (const item of chunk) {
    const receipt = item.tooLarge ? tooLarge(item.bytes, eventBytesMax) : others.next().value
    if (receipt !== undefined) receipts.push(receipt)
  }
  return receipts
}

/** Each event's place among the request's, from 1; those too large count as well. */
export function originOf(path: string, first: number, chunk: Chunk): (index: number) => Origin {
  const places = chunk.some(item => item.tooLarge)
    ? chunk.flatMap((item, index) => (item.tooLarge ? [] : [first + index]))
    : undefined
  return index => ({ http: path, event: places?.[index] ?? first + index })
}

/**
 * Submits chunks in the order of the calls, as many at once as the caller likes. A stream waits for room in the queue; of
 * a body that is here whole the first chunk doesn't, so that it is told to come back before anything of it is taken.
 */
export function submitterOf({ engine, feed, path, headers, eventBytesMax, signal }: Target, isStream: boolean) {
  let turn: Promise<void> = Promise.resolve()
  let first = 1
  let hasFailed = false
  return async (chunk: Chunk): Promise<readonly Receipt[]> => {
    const events = eventsOf(chunk)
    const submission = { events, headers, origin: originOf(path, first, chunk) }
    const waits = isStream || first > 1
    first += chunk.length
    const before = turn
    const taken = Promise.withResolvers<void>()
    turn = taken.promise
    try {
      await before
      if (waits) await engine.room(feed.name, signal)
      if (events.length === 0) return receiptsOf(chunk, [], eventBytesMax)
      for (;;) {
        // The request is answered already, with an error: nothing more of it is taken.
        if (hasFailed) throw new GroundstationError('STOPPING', 'Another part of the request has failed.')
        try {
          const answer = engine.submit(feed.name, submission)
          // BUSY comes at once: what isn't refused by then is taken, and the next chunk may follow.
          Promise.race([answer, setImmediate()]).then(
            () => taken.resolve(),
            () => undefined,
          )
          return receiptsOf(chunk, await answer, eventBytesMax)
        } catch (error) {
          // The room was somebody else's first. Nothing was taken, so it is asked for again.
          hasFailed ||= !waits || !(error instanceof GroundstationError) || error.code !== 'BUSY'
          if (hasFailed) throw error
          await setImmediate()
          await engine.room(feed.name, signal)
        }
      }
    } finally {
      taken.resolve()
    }
  }
}

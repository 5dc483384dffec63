/**
 * Reads events from files or standard input, as if they had come through the feed's source. Memory holds a few chunks,
 * however long the input is; and however often it is interrupted and run again, each event is stored once: events with a
 * key or an id by their own identity, others by their place in the input (`LogSender`).
 */
import type { Engine } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import { chunksOf } from './chunks.ts'
import { KeyedSender } from './keyed-sender.ts'
import { LogSender } from './log-sender.ts'
import { type Input, type OpenedInput, openInput } from './open.ts'
import type { Sender, Tell } from './sender.ts'
import { noTotals, type Totals } from './totals.ts'

export type { Input } from './open.ts'
export { countOf, type Totals } from './totals.ts'

export type Progress = {
  readonly name: string
  readonly totals: Totals
  readonly bytesRead: number
  readonly bytesTotal: number | undefined
}

/** An event that was refused, or that says something else than the one stored under its identity. */
export type Refused = {
  readonly name: string
  /** Counted from 1 in its input. */
  readonly event: number
  readonly outcome: 'rejected' | 'conflict'
  readonly message: string
  /** Undefined for what was too large to keep. */
  readonly deadLetter: number | undefined
}

export type IngestOptions = {
  readonly engine: Engine
  readonly feed: string
  readonly inputs: readonly Input[]
  /** The name of the log that the input is, for feeds whose identity is the position: it may grow from run to run. */
  readonly as?: string | undefined
  readonly eventBytesMax: number
  readonly onProgress?: (progress: Progress) => void
  readonly onRefused?: (refused: Refused) => void
  readonly signal?: AbortSignal
}

/** Resolves with the totals when everything is durable. Errors: FILE_UNREADABLE, SOURCE_CONFLICT, and those of `submit`. */
export async function ingest(options: IngestOptions): Promise<Totals> {
  const feed = options.engine.feeds.get(options.feed)
  if (feed === undefined) throw new GroundstationError('USAGE', `There is no feed ${options.feed}.`)
  if (options.as !== undefined && options.inputs.length > 1)
    throw new GroundstationError('USAGE', 'One name is one log: with --as there is one input.')
  const isLog = feed.identity.kind === 'position'
  const totals = noTotals()
  for (const input of options.inputs) {
    const opened = await openInput(input, { needsDigest: isLog && options.as === undefined })
    try {
      const log = isLog ? (options.as === undefined ? `file:${opened.digest}` : `name:${options.as}`) : undefined
      await ingestOne(options, { input, opened, log, totals })
    } finally {
      await opened.close()
    }
  }
  return totals
}

type One = {
  readonly input: Input
  readonly opened: OpenedInput
  readonly log: string | undefined
  readonly totals: Totals
}

async function ingestOne(options: IngestOptions, { input, opened, log, totals }: One): Promise<void> {
  const { engine, feed, eventBytesMax, signal } = options
  const name = options.as ?? input.name
  const tell: Tell = (outcome, event) => {
    totals[outcome.outcome]++
    if (outcome.outcome !== 'rejected' && outcome.outcome !== 'conflict') return
    const message = outcome.outcome === 'rejected' ? `${outcome.pointer} ${outcome.message}`.trim() : OTHER_CONTENT
    options.onRefused?.({ name, event, outcome: outcome.outcome, message, deadLetter: outcome.deadLetter })
  }
  const target = { engine, feed, name, tell, signal }
  const sender: Sender = log === undefined ? new KeyedSender(target) : await LogSender.open(target, log)
  let place = 0
  for await (const { items, isLast } of chunksOf(opened.pieces, eventBytesMax)) {
    signal?.throwIfAborted()
    const events: Buffer[] = []
    const places: number[] = []
    for (const item of items) {
      place++
      if (item.tooLarge) {
        totals.rejected++
        const message = `has ${item.bytes} bytes, and ${eventBytesMax} are the most`
        options.onRefused?.({ name, event: place, outcome: 'rejected', message, deadLetter: undefined })
      } else {
        events.push(item.bytes)
        places.push(place)
      }
    }
    if (events.length > 0) await sender.send(events, places, isLast)
    options.onProgress?.({ name, totals, bytesRead: opened.bytesRead(), bytesTotal: opened.bytesTotal })
  }
  await sender.finish()
}

const OTHER_CONTENT = 'has the identity of an event that is stored, and other content'

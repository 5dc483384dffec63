/**
 * What is gone: what two complete polls in a row don't have. Which poll saw what last is kept apart from the record, and
 * written before the page is applied, so that a poll that is cut off has seen too much rather than too little.
 */
import type { Engine, PollLog } from '../../engine/contract.ts'

/** The last poll that was complete. */
export type Complete = { readonly run: number; readonly items: number }

export type SightingsOptions = {
  readonly engine: Engine
  readonly log: PollLog
  readonly feed: string
  readonly run: number
  /** Of the poll before; undefined where none was complete. */
  readonly before: Complete | undefined
  /** Whether a poll that has far fewer items than the one before is taken at its word. */
  readonly acceptsDrop: boolean
}

/** Half as many as before are taken for a fault of the API. */
const DROP = 0.5
const AT_ONCE = 500

export class Sightings {
  readonly #options: SightingsOptions

  constructor(options: SightingsOptions) {
    this.#options = options
  }

  /** Items that are read, and the keys of those that aren't. */
  async saw(items: readonly Buffer[], unchanged: readonly string[]): Promise<void> {
    const { engine, log, feed, run } = this.#options
    const parse = engine.feeds.get(feed)?.parse
    const keys = items.flatMap(item => {
      const parsed = parse?.(item)
      return parsed?.ok === true ? [parsed.key] : []
    })
    await log.saw(run, [...keys, ...unchanged])
  }

  async sawSame(as: number): Promise<void> {
    const { log, run } = this.#options
    await log.sawSame(run, as)
  }

  /** Settles a poll of which every page came and every item was taken: what it is to the next, or why it doesn't count. */
  async settle(mark: (tombstones: readonly Buffer[]) => Promise<void>): Promise<Complete | string> {
    const { log, run, before, acceptsDrop } = this.#options
    const items = await log.countSeen(run)
    if (before !== undefined && items < before.items * DROP && !acceptsDrop)
      return `it has ${items} items and the last complete poll had ${before.items}: nothing is taken for gone (poll --once --accept-drop takes it at its word)`
    if (before === undefined) return { run, items }
    for (;;) {
      const missing = await log.missing(before.run, AT_ONCE)
      if (missing.length === 0) break
      await mark(missing.map(({ raw }) => tombstoneOf(raw)))
      await log.forget(
        before.run,
        missing.map(({ key }) => key),
      )
    }
    await log.forget(before.run)
    return { run, items }
  }
}

/** The last version with one word more, at its end: of two of a name, the last one counts. */
export function tombstoneOf(raw: string): Buffer {
  const end = raw.lastIndexOf('}')
  const isEmpty = raw.slice(0, end).trimEnd().endsWith('{')
  return Buffer.from(`${raw.slice(0, end)}${isEmpty ? '' : ','}"gone":true${raw.slice(end)}`)
}

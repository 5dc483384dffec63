import type { CompiledFeed } from '../feed/compile.ts'
import type { Facts } from '../store/facts.ts'
import type { Client } from '../store/store.ts'
import { keepFacts } from '../store/write/events.ts'
import { reparse } from './decide/reparse.ts'
import { type Fixing, fixFacts, givenTo, type ToFix } from './facts.ts'
import { fixNumbers } from './numbers.ts'

/** An event on the record, by its place there. */
export type OnRecord = {
  readonly lane: number
  readonly position: number
  readonly raw: string
  readonly facts: Facts | null
  readonly arrivedMicros: number
}

/** By event: what it has now. */
export type GivenFacts = ReadonlyMap<OnRecord, Facts>

/**
 * Events from before a column was declared have no serial number, identifier or number of a key for it. They are given
 * it when a row is made of them for the first time, and keep it on the record, so that it is the same from then on. The
 * events' lanes are locked. Headers are gone.
 */
export async function giveFacts(
  client: Client,
  feed: CompiledFeed,
  feedId: number,
  events: readonly OnRecord[],
): Promise<GivenFacts> {
  if (!asksForFacts(feed)) return new Map()
  const lacking = events.map(event => ({ event, toFix: toFixOf(feed, event) })).filter(one => lacks(feed, one.toFix))
  if (lacking.length === 0) return new Map()
  const last = Math.max(...lacking.map(({ event }) => event.arrivedMicros))
  const applied = lacking.map(({ toFix }) => toFix)
  const fixing: Fixing = { feed, client, opened: { nowMicros: last }, effects: { applied } }
  await fixFacts(fixing)
  await fixNumbers(fixing)
  const given = lacking.map(({ event, toFix }) => ({ ...event, facts: toFix.facts ?? {} }))
  await keepFacts(client, feedId, given)
  return new Map(lacking.map(({ event, toFix }) => [event, toFix.facts ?? {}]))
}

/** Whether an event lacks what some column asks for. */
export const lacksFacts = (feed: CompiledFeed, event: OnRecord): boolean => lacks(feed, toFixOf(feed, event))

/** Whether any column asks for what an event from before can be given. */
export const asksForFacts = ({ tables }: CompiledFeed): boolean => tables.some(({ columns }) => columns.some(isGiven))

const isGiven = ({ fact, series }: CompiledFeed['tables'][number]['columns'][number]): boolean =>
  series !== undefined || fact?.kind === 'serial' || fact?.kind === 'uuid7'

function toFixOf(feed: CompiledFeed, { raw, facts }: OnRecord): ToFix {
  const { event, type } = reparse(feed, raw)
  return { event, type, headers: undefined, facts: facts === null ? undefined : { ...facts } }
}

function lacks(feed: CompiledFeed, toFix: ToFix): boolean {
  const fixing = { effects: { applied: [toFix] } }
  return feed.tables.some(table =>
    table.columns.some(column => isGiven(column) && givenTo(fixing, table, column).length > 0),
  )
}

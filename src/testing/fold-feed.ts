import { type CompiledFeed, compileFeed } from '../feed/compile.ts'
import type { DeclaredFeed } from '../feed/declare.ts'
import type { ParsedEvent } from '../feed/parse.ts'
import { present } from '../feed/state.ts'
import { type Cursor, isComplete, lastApplied, placeOf } from '../sequencer/cursor.ts'
import { release } from '../sequencer/sequence.ts'
import { deepFreeze } from './deep-freeze.ts'
import { type GivenEvent, type Intake, takeIn } from './intake.ts'

export type FoldOptions = {
  /** As if every hole's wait were over: what is held is applied, and states tell that they aren't complete. */
  readonly released?: boolean
}

/** A row by its columns' names as they were declared. What the database or the moment decides is left out. */
export type ExpectedRow = Readonly<Record<string, unknown>>

export type FeedFold = Omit<Intake, 'keys'> & {
  /** By key, each as the API serves it. Empty for a feed without a state. */
  readonly states: Map<string, Record<string, unknown>>
  /** By table, in the order of keys' first events and of numbers within a key. */
  readonly rows: Record<string, ExpectedRow[]>
  /** Events that wait for a number before theirs. */
  readonly held: { readonly key: string; readonly sequence: number; readonly waitingFor: number }[]
  /** Events that the state went on without, because their fold threw or changed what it was given. */
  readonly skipped: { readonly key: string; readonly sequence: number; readonly error: unknown }[]
}

/**
 * What a feed makes of events, without a database: states, rows, and what was refused, repeated or held. The feed's own
 * parser and sequencer decide, so this is what the real thing would do. Events and states are frozen to the last: an
 * `evolve` that changes one in place is found under `skipped`.
 *
 *     const { states, rows } = foldFeed(orders, [line(1, 500), line(2, 500)])
 *     assert.equal(states.get('A-17')?.total, 1000)
 *     assert.equal(rows.order_lines?.length, 2)
 */
export function foldFeed(
  declared: DeclaredFeed,
  events: readonly GivenEvent[],
  { released = false }: FoldOptions = {},
): FeedFold {
  const feed = compileFeed(declared.declaration)
  const { keys, ...intake } = takeIn(feed, events)
  const names = Object.keys(declared.declaration.tables ?? {})
  const fold: FeedFold = {
    ...intake,
    states: new Map(),
    rows: Object.fromEntries(names.map(name => [name, []])),
    held: [],
    skipped: [],
  }
  for (const [key, entity] of keys) {
    const cursor = released ? release(entity.cursor, Number.POSITIVE_INFINITY).cursor : entity.cursor
    const applied: [number, ParsedEvent][] = []
    for (const [number, event] of [...entity.events].sort(([a], [b]) => a - b))
      if (placeOf(cursor, number) === 'held') fold.held.push({ key, sequence: number, waitingFor: cursor.frontier + 1 })
      else applied.push([number, event])
    foldKey(feed, key, cursor, applied, fold)
    for (const [index, name] of names.entries())
      fold.rows[name]?.push(
        ...rowsOf(
          declared,
          feed,
          name,
          index,
          applied.map(([, event]) => event),
        ),
      )
  }
  return fold
}

function foldKey(
  feed: CompiledFeed,
  key: string,
  cursor: Cursor,
  applied: readonly (readonly [number, ParsedEvent])[],
  fold: FeedFold,
): void {
  const [, newest] = applied.at(-1) ?? []
  if (feed.state === undefined || newest === undefined) return
  let state = deepFreeze(structuredClone(feed.state.initial))
  for (const [sequence, { event, type }] of applied)
    try {
      state = deepFreeze(feed.state.accept(feed.state.evolve(state, event, type)))
    } catch (error) {
      fold.skipped.push({ key, sequence, error })
    }
  const time = feed.identity.timeOf?.(newest.event)
  const standing = { sequence: lastApplied(cursor), time: typeof time === 'string' ? time : null }
  fold.states.set(key, present(feed.state, { key, ...standing, complete: isComplete(cursor), state }))
}

/** The last, or the one with the highest rank; none of none. */
function latestOf({ identity: { rankOf } }: CompiledFeed, events: readonly ParsedEvent[]): readonly ParsedEvent[] {
  if (rankOf === undefined) return events.slice(-1)
  const ranked = events.map(event => ({ event, rank: rankOf(event.event) }))
  return ranked
    .sort((a, b) => a.rank.compare(b.rank))
    .slice(-1)
    .map(({ event }) => event)
}

function rowsOf(
  { declaration }: DeclaredFeed,
  feed: CompiledFeed,
  name: string,
  index: number,
  events: readonly ParsedEvent[],
): ExpectedRow[] {
  const table = feed.tables[index]
  const columns = Object.keys(declaration.tables?.[name]?.columns ?? {})
  if (table === undefined) return []
  const fitting = events.filter(({ type }) => table.when === undefined || table.when.has(type))
  const shown = table.rows === 'latest' ? latestOf(feed, fitting) : fitting
  return shown.flatMap(({ event }) =>
    (table.each === undefined ? [undefined] : table.each.itemsOf(event)).map(item =>
      Object.fromEntries(
        table.columns.flatMap((column, place) =>
          column.fact === undefined && column.series === undefined
            ? [[columns[place] ?? column.name, column.read(event, item) ?? null]]
            : [],
        ),
      ),
    ),
  )
}

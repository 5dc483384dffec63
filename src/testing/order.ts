import { deepStrictEqual } from 'node:assert'
import type { DeclaredFeed } from '../feed/declare.ts'
import { type FeedFold, foldFeed } from './fold-feed.ts'
import type { GivenEvent } from './intake.ts'

export type OrderOptions = {
  /** Repeats a run; told where one fails. */
  readonly seed?: number
  readonly runs?: number
}

/**
 * Gives a feed the events in many orders, some of them twice, and throws where states or rows come out otherwise. For
 * feeds whose events have an identity of their own: a snapshot's versions and a log's lines are told by their order. Events
 * that conflict with each other are refused: which of them is first decides.
 */
export function assertOrderIndependent(
  feed: DeclaredFeed,
  events: readonly GivenEvent[],
  { seed = 1, runs = 50 }: OrderOptions = {},
): void {
  const { identity } = feed.declaration
  if ('snapshot' in identity || 'position' in identity)
    throw new TypeError('The order of these events is their identity')
  const wanted = foldFeed(feed, events)
  if (wanted.conflicts.length > 0) throw new TypeError('Some of the events conflict with each other')
  for (let run = 0; run < runs; run++) {
    const next = chanceOf(seed + run)
    const given = [...events, ...events.filter(() => next(4) === 0)]
    for (let index = given.length - 1; index > 0; index--) {
      const other = next(index + 1)
      ;[given[index], given[other]] = [given[other] as GivenEvent, given[index] as GivenEvent]
    }
    deepStrictEqual(
      comparable(foldFeed(feed, given)),
      comparable(wanted),
      `in another order (seed ${seed + run}, runs 1)`,
    )
  }
}

/** The same, in an order of its own: of keys, of rows, of what is held. */
function comparable({ states, rows, held, skipped }: FeedFold): unknown {
  const sorted = (values: readonly unknown[]) => values.map(value => JSON.stringify(value)).sort()
  return {
    states: new Map([...states].sort(([a], [b]) => (a < b ? -1 : 1))),
    rows: Object.fromEntries(Object.entries(rows).map(([name, list]) => [name, sorted(list)])),
    held: sorted(held),
    skipped: sorted(skipped.map(({ key, sequence }) => [key, sequence])),
  }
}

/** mulberry32: small, and the same on every machine. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed | 0
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

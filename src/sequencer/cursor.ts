import { includes, type Range } from './ranges.ts'

/**
 * What a key's cursor knows. Each number from 1 on is in exactly one place:
 *
 *     applied        up to the frontier, and neither missing nor voided
 *     missing        up to the frontier, in a hole that was released
 *     voided         an operator said that it will never come; below or above the frontier
 *     held           above the frontier: it is in, and waits for a number before it
 *     next           the number after the frontier, unless it is voided
 *     ahead          any other above the frontier
 *
 * Invariants: `held` and `voided` never touch the frontier from above (they would have been passed), `missing` lies
 * below it, and no two of the three share a number. `conformant` checks them, for the tests.
 */
export type Cursor = {
  /** The highest number applied or passed; 0 at first. */
  readonly frontier: number
  readonly missing: readonly Released[]
  readonly voided: readonly Range[]
  readonly held: readonly Held[]
}

/** Numbers that are in and wait, and when the first of them arrived (milliseconds of the database's clock). */
export type Held = { readonly from: number; readonly to: number; readonly since: number }
/** A hole that is waited for no longer, and since when it is known. */
export type Released = { readonly from: number; readonly to: number; readonly since: number }

export type Place = 'applied' | 'missing' | 'voidedBelow' | 'next' | 'ahead' | 'held' | 'voidedAhead'

export const START: Cursor = { frontier: 0, missing: [], voided: [], held: [] }

export const ranges = (spans: readonly { readonly from: number; readonly to: number }[]): Range[] =>
  spans.map(({ from, to }) => [from, to])

/** The index of the span that a number lies in, or −1. A key may have thousands: nothing is made of them on the way. */
export function spanAt(spans: readonly { readonly from: number; readonly to: number }[], number: number): number {
  let low = 0
  let high = spans.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const span = spans[middle]
    if (span === undefined || number < span.from) high = middle - 1
    else if (number > span.to) low = middle + 1
    else return middle
  }
  return -1
}

export function placeOf(cursor: Cursor, number: number): Place {
  if (number <= cursor.frontier) {
    if (spanAt(cursor.missing, number) >= 0) return 'missing'
    return cursor.voided.length > 0 && includes(cursor.voided, number) ? 'voidedBelow' : 'applied'
  }
  if (spanAt(cursor.held, number) >= 0) return 'held'
  if (cursor.voided.length > 0 && includes(cursor.voided, number)) return 'voidedAhead'
  return number === cursor.frontier + 1 ? 'next' : 'ahead'
}

/** The lowest number that what is held waits for; undefined where nothing is held. */
export const waitingFor = (cursor: Cursor): number | undefined =>
  cursor.held.length > 0 ? cursor.frontier + 1 : undefined

/** The holes that are still waited for, lowest first, each since the first event behind it arrived. */
export function openHoles({ frontier, held, voided }: Cursor): Released[] {
  const since = knownSince(held)
  const holes: Released[] = []
  let start = frontier + 1
  let passed = 0
  for (const [index, span] of held.entries()) {
    const known = since[index] ?? span.since
    for (let range = voided[passed]; range !== undefined && range[0] < span.from; range = voided[++passed]) {
      if (range[1] < start) continue
      if (range[0] > start) holes.push({ from: start, to: range[0] - 1, since: known })
      start = range[1] + 1
    }
    if (start < span.from) holes.push({ from: start, to: span.from - 1, since: known })
    start = span.to + 1
  }
  return holes
}

/** For each span since when it or one behind it is held. */
function knownSince(held: readonly Held[]): number[] {
  const since = held.map(span => span.since)
  for (let index = since.length - 2; index >= 0; index--)
    since[index] = Math.min(since[index] ?? 0, since[index + 1] ?? 0)
  return since
}

/** Whether every number up to the frontier is in, or voided. */
export const isComplete = (cursor: Cursor): boolean => cursor.missing.length === 0

/** The highest number applied; 0 where none is. Only numbers voided last lie above it. */
export function lastApplied({ frontier, voided }: Cursor): number {
  const top = voided.find(([, to]) => to === frontier)
  return top === undefined ? frontier : top[0] - 1
}

/** The invariant that is broken, in words; undefined where all hold. */
export function nonconformity({ frontier, missing, voided, held }: Cursor): string | undefined {
  const sorted = (spans: readonly Range[]) =>
    spans.every(([from, to], index) => from <= to && (index === 0 || from > (spans[index - 1]?.[1] ?? 0)))
  if (![ranges(missing), voided, ranges(held)].every(sorted)) return 'ranges are sorted and apart'
  if (missing.some(({ to }) => to > frontier)) return 'missing numbers lie below the frontier'
  if (held.some(({ from }) => from <= frontier + 1)) return 'what is held does not touch the frontier'
  if (voided.some(([from, to]) => from <= frontier + 1 && to > frontier)) return 'voided numbers are passed'
  const taken = [...ranges(missing), ...ranges(held), ...voided].sort((a, b) => a[0] - b[0])
  if (!sorted(taken)) return 'a number is in one place'
  return undefined
}

import { type Cursor, type Held, type Released, ranges } from '../sequencer/cursor.ts'
import { add, type Range, remove } from '../sequencer/ranges.ts'
import type { KeyNumbers } from '../store/replay/keys.ts'

/** `{[1,4),[7,9)}` as ranges whose both ends belong to them. */
export function rangesOf(multirange: string | null): Range[] {
  const found = (multirange ?? '').matchAll(/\[(\d+),(\d+)\)/g)
  return [...found].map(([, from, to]) => [Number(from), Number(to) - 1])
}

const without = (ranges: readonly Range[], taken: readonly Range[]): Range[] =>
  taken.reduce<Range[]>((left, range) => remove(left, range), [...ranges])

/** The cursor that the record, what is held and what was dismissed make; since when a hole is known is kept from before. */
export function rebuildCursor(before: Cursor, numbers: KeyNumbers, isSparse: boolean, nowMs: number): Cursor {
  const recorded = rangesOf(numbers.recorded)
  const held = heldSpans(numbers.held)
  const dismissed = without(without(rangesOf(numbers.dismissed), recorded), ranges(held))
  const voided = isSparse ? without(before.voided, recorded) : dismissed
  const frontier = voided.reduce((top, [from, to]) => (from <= top + 1 && to > top ? to : top), numbers.last)
  const inOrAway = voided.reduce((all, range) => add(all, range), recorded)
  const missing = isSparse
    ? without(ranges(before.missing), recorded)
    : frontier === 0
      ? []
      : without([[1, frontier]], inOrAway)
  return {
    frontier,
    missing: missing.flatMap(range => since(before.missing, range, nowMs)),
    voided,
    held,
  }
}

/** A released hole, in as many pieces as were known since different times. */
function since(before: readonly Released[], [from, to]: Range, nowMs: number): Released[] {
  const pieces: Released[] = []
  let next = from
  for (const known of before) {
    if (known.to < next || known.from > to) continue
    if (known.from > next) pieces.push({ from: next, to: known.from - 1, since: nowMs })
    pieces.push({ from: Math.max(next, known.from), to: Math.min(to, known.to), since: known.since })
    next = Math.min(to, known.to) + 1
  }
  if (next <= to) pieces.push({ from: next, to, since: nowMs })
  return pieces
}

function heldSpans(numbers: KeyNumbers['held']): Held[] {
  const spans: { from: number; to: number; since: number }[] = []
  for (const [number, arrivedMs] of numbers ?? []) {
    const last = spans.at(-1)
    if (last !== undefined && last.to === number - 1) {
      last.to = number
      last.since = Math.min(last.since, arrivedMs)
    } else spans.push({ from: number, to: number, since: arrivedMs })
  }
  return spans
}

import type { StateValue } from '../feed/state.ts'
import { type Cursor, ranges, START } from './cursor.ts'

/** A key's row: its cursor, and the state that its events folded to. Never changed in place: a batch may fail. */
export type Key = {
  readonly id: number
  readonly lane: number
  readonly key: string
  readonly cursor: Cursor
  /** How many events were applied. */
  readonly events: number
  readonly generation: number
  /** The time of the event with the highest number, as it was posted. */
  readonly time: string | null
  /** Of the latest content, for snapshot feeds. */
  readonly digest: Buffer | null
  /** Proves of bytes that they say what the latest content says, for polled snapshot feeds. */
  readonly rawDigest: Buffer | null
  /** Of the latest version, for unique feeds with an order. */
  readonly rank: Buffer | null
  readonly state: StateValue | null
}

export type Spans = {
  readonly missing?: readonly (readonly [number, number, number])[]
  readonly voided?: readonly (readonly [number, number])[]
  readonly held?: readonly (readonly [number, number, number])[]
}

const toSpan = ([from, to, since]: readonly [number, number, number]) => ({ from, to, since })

export function cursorOf(frontier: number, spans: Spans | null): Cursor {
  if (spans === null) return { ...START, frontier }
  return {
    frontier,
    missing: (spans.missing ?? []).map(toSpan),
    voided: spans.voided ?? [],
    held: (spans.held ?? []).map(toSpan),
  }
}

/** As the key's row keeps it; null for the many keys that miss nothing. */
export function spansOf({ missing, voided, held }: Cursor): Spans | null {
  if (missing.length === 0 && voided.length === 0 && held.length === 0) return null
  return {
    missing: missing.map(({ from, to, since }) => [from, to, since]),
    voided: ranges(voided.map(([from, to]) => ({ from, to }))),
    held: held.map(({ from, to, since }) => [from, to, since]),
  }
}

/** When the first of what a key holds arrived, in milliseconds; undefined where it holds nothing. */
export const waitingSince = ({ held }: Cursor): number | undefined =>
  held.length === 0 ? undefined : held.reduce((first, { since }) => Math.min(first, since), Number.POSITIVE_INFINITY)

/** How much a key misses that isn't waited for any more: ranges, and numbers in them; undefined where it misses nothing. */
export const missedBy = ({ missing }: Cursor): { readonly gaps: number; readonly numbers: number } | undefined =>
  missing.length === 0
    ? undefined
    : { gaps: missing.length, numbers: missing.reduce((sum, { from, to }) => sum + to - from + 1, 0) }

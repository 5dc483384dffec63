import type { Place } from './cursor.ts'

/** What comes in for one number of a key. */
export type Incoming =
  /** An event that fits the schema. One that doesn't changes no number: it stays open, as if it had not come. */
  | 'event'
  /** An operator dismisses the number's dead letter. */
  | 'dismissal'

/** What becomes of it. */
export type Verdict =
  /** It is the next: apply it, and what waited for it. */
  | 'apply'
  /** It belongs below the frontier: apply it in its place, and fold again from there. */
  | 'heal'
  /** It waits for a number before it. */
  | 'hold'
  /** The number is applied already: the same content is a duplicate, other content a conflict. */
  | 'compareApplied'
  /** The number is held already: likewise. */
  | 'compareHeld'
  /** The number will never come: pass it. */
  | 'void'
  /** Nothing changes. */
  | 'none'

/** Complete by its type: a new place or a new kind of arrival doesn't compile until each of its cases is decided. */
export const TRANSITIONS: Readonly<Record<Place, Readonly<Record<Incoming, Verdict>>>> = {
  next: { event: 'apply', dismissal: 'void' },
  ahead: { event: 'hold', dismissal: 'void' },
  applied: { event: 'compareApplied', dismissal: 'none' },
  held: { event: 'compareHeld', dismissal: 'none' },
  missing: { event: 'heal', dismissal: 'void' },
  voidedBelow: { event: 'heal', dismissal: 'none' },
  voidedAhead: { event: 'hold', dismissal: 'none' },
}

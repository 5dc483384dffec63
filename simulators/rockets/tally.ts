import type { RocketEvent } from './message.ts'

/** What is posted: a message, the repeat of one that was posted before, or one that is broken on purpose. */
export interface Posting {
  readonly kind: 'event' | 'duplicate' | 'invalid'
  readonly json: string
  /** The message itself, or the one that an invalid posting was made from. */
  readonly event: RocketEvent
}

/** What was handed to the sender, each posting counted once however often it was sent again. */
export interface Tally {
  sent: number
  /** Different valid messages, the late ones among them. */
  distinct: number
  duplicates: number
  invalid: number
  /** Messages that were never sent. A rocket's last ones leave no hole that anyone could see. */
  gaps: number
  /** Messages kept back to the very end. */
  late: number
}

export function createTally(): Tally {
  return { sent: 0, distinct: 0, duplicates: 0, invalid: 0, gaps: 0, late: 0 }
}

/**
 * The checker's own history: every attempt to send an event, and what was answered. Nothing here comes from the program
 * under test; an attempt without an answer is *unknown*, for it may have been stored all the same.
 */
import type { Posting, RocketEvent } from '../../simulators/rockets/index.ts'

export type Attempt = {
  readonly startedMs: number
  readonly endedMs: number
  /** Null where the connection ended, or the time was up, before an answer: unknown. */
  readonly status: number | null
  /** The outcome that was answered, else the error's code. */
  readonly outcome: string
  readonly hasRetryAfter: boolean
}

/** One distinct event and all that was tried with it. */
export type Sent = { readonly event: RocketEvent; readonly json: string; readonly attempts: Attempt[] }

/** One broken message; the same bytes sent twice are one. */
export type Broken = { readonly json: string; readonly attempts: Attempt[] }

const OUTCOME_UNKNOWN = 'urn:groundstation:outcome-unknown'

export const isAcknowledged = ({ status }: Attempt): boolean => status !== null && status >= 200 && status < 300
/** No answer, or one that says so itself: the connection to the database died during the commit. */
export const isUnknown = ({ status, outcome }: Attempt): boolean => status === null || outcome === OUTCOME_UNKNOWN
export const nameOf = (channel: string, number: number): string => `${channel}#${number}`

export class History {
  readonly events = new Map<string, Sent>()
  readonly broken = new Map<string, Broken>()
  /** Attempts that were answered with 2xx. */
  acknowledged = 0
  readonly #open = new Map<Posting, number>()
  #waiting: { readonly count: number; readonly resolve: () => void }[] = []

  /** Called before a posting is sent: until it is noted its outcome is unknown. */
  begin(posting: Posting): void {
    this.#open.set(posting, (this.#open.get(posting) ?? 0) + 1)
    this.#attemptsOf(posting)
  }

  /** What is known at this moment: what is still on its way counts as unknown. */
  snapshot(): History {
    const copy = new History()
    for (const [name, sent] of this.events) copy.events.set(name, { ...sent, attempts: [...sent.attempts] })
    for (const [json, broken] of this.broken) copy.broken.set(json, { ...broken, attempts: [...broken.attempts] })
    const unknown = { startedMs: 0, endedMs: 0, status: null, outcome: 'on its way', hasRetryAfter: false }
    for (const [posting, count] of this.#open)
      for (let time = 0; time < count; time++) copy.#attemptsOf(posting).push(unknown)
    return copy
  }

  /** It was not sent after all. */
  giveUp(posting: Posting): void {
    const open = (this.#open.get(posting) ?? 1) - 1
    if (open === 0) this.#open.delete(posting)
    else this.#open.set(posting, open)
  }

  note(posting: Posting, attempt: Attempt): void {
    this.giveUp(posting)
    this.#attemptsOf(posting).push(attempt)
    if (!isAcknowledged(attempt)) return
    this.acknowledged += 1
    const due = this.#waiting.filter(({ count }) => count <= this.acknowledged)
    this.#waiting = this.#waiting.filter(({ count }) => count > this.acknowledged)
    for (const { resolve } of due) resolve()
  }

  /** Resolves when so many attempts have been acknowledged: what faults wait for, instead of a clock. */
  reached(count: number): Promise<void> {
    if (count <= this.acknowledged) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push({ count, resolve }))
  }

  get unknown(): number {
    let count = 0
    for (const { attempts } of this.events.values()) count += attempts.filter(isUnknown).length
    return count
  }

  #attemptsOf({ kind, json, event }: Posting): Attempt[] {
    if (kind === 'invalid') {
      const known = this.broken.get(json) ?? { json, attempts: [] }
      this.broken.set(json, known)
      return known.attempts
    }
    const name = nameOf(event.channel, event.number)
    const known = this.events.get(name) ?? { event, json, attempts: [] }
    this.events.set(name, known)
    return known.attempts
  }
}

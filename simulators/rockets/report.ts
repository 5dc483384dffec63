import type { Answer } from './post.ts'

export interface SendReport {
  /** Postings handed out, each once however often it was sent. */
  readonly sent: number
  /** Answered with 2xx in the end. */
  readonly acknowledged: number
  /** Attempts after the first. */
  readonly retried: number
  /** Broken on purpose, refused with 400, and not sent again. */
  readonly rejected: number
  /** Broken on purpose and yet answered with 2xx: a fault of the receiver, unless it only queues. */
  readonly invalidAcknowledged: number
  /** Given up after `maxAttempts`. */
  readonly abandoned: number
  /** Why the last attempt failed of those that did; null where none did. A refusal of what is broken on purpose is no failure. */
  readonly lastFailure: string | null
  /** Every attempt, by what became of it. */
  readonly byOutcome: Readonly<Record<string, number>>
  readonly seconds: number
  /** False when the signal ended the run before everything was delivered. */
  readonly finished: boolean
}

type Draft = { -readonly [Field in Exclude<keyof SendReport, 'byOutcome'>]: SendReport[Field] }

const PROGRESS_EVERY_MS = 200

/** Counts, and tells of them at most every 200 ms, so that a fast run isn't slowed down by its own progress. */
export class Reporter {
  readonly counts: Draft = {
    sent: 0,
    acknowledged: 0,
    retried: 0,
    rejected: 0,
    invalidAcknowledged: 0,
    abandoned: 0,
    lastFailure: null,
    seconds: 0,
    finished: false,
  }
  readonly #byOutcome = new Map<string, number>()
  readonly #startedAt = performance.now()
  readonly #onProgress: ((report: SendReport) => void) | undefined
  #toldAt = this.#startedAt

  constructor(onProgress?: (report: SendReport) => void) {
    this.#onProgress = onProgress
  }

  outcome(outcome: Answer['outcome'], times = 1): void {
    this.#byOutcome.set(outcome, (this.#byOutcome.get(outcome) ?? 0) + times)
  }

  tell(): void {
    const now = performance.now()
    if (this.#onProgress === undefined || now - this.#toldAt < PROGRESS_EVERY_MS) return
    this.#toldAt = now
    this.#onProgress(this.report())
  }

  report(): SendReport {
    const seconds = (performance.now() - this.#startedAt) / 1_000
    return { ...this.counts, seconds, byOutcome: Object.fromEntries(this.#byOutcome) }
  }
}

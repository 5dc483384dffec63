import type { PollStanding } from '../../engine/contract.ts'
import type { Every } from '../../feed/every.ts'

/** Two clocks: one that only ever goes on, and the one on the wall. */
export type Now = { readonly steadyMs: number; readonly wallMs: number }

export type Due = {
  /** How long until the next poll; 0 where it is due. */
  readonly waitMs: number
  /** The time of the cron line that it is for. */
  readonly scheduledForMs: number | undefined
}

/** A run that is said to be from so far in the future was begun by a clock that was wrong. */
const AHEAD_MS_MAX = 86_400_000

/**
 * When a feed is polled next. Every process that may do so asks at its turns how the poll stands, and only who finds it as
 * it was seen begins the next.
 *
 * An interval is counted by this process's steady clock, from when a run was first seen: the database's clock says only how
 * long before that it began, and never more than the time since the last look. So no clock that is set skips or doubles a
 * run. The times of a cron line are the wall's; each is remembered with its run, so that a clock that is set back doubles
 * none, and what was missed while nothing ran is one run.
 */
export class Schedule {
  readonly #every: Every
  #seen: { readonly run: number; readonly atMs: number } | undefined
  #lookedMs: number | undefined
  #firstWallMs: number | undefined
  #rest: { readonly run: number; readonly untilMs: number } | undefined

  constructor(every: Every) {
    this.#every = every
  }

  look(standing: PollStanding, now: Now): Due {
    const due =
      this.#every.kind === 'interval'
        ? this.#interval(this.#every.ms, standing, now)
        : this.#times(this.#every.after, standing, now)
    return { ...due, waitMs: Math.max(due.waitMs, this.#restOf(standing, now)) }
  }

  /** How long the API is to be left alone yet: told once of a run, and counted from there as an interval is. */
  #restOf({ run, restMs }: PollStanding, { steadyMs }: Now): number {
    if (restMs > 0 && this.#rest?.run !== run) this.#rest = { run, untilMs: steadyMs + restMs }
    return this.#rest?.run === run ? Math.max(0, this.#rest.untilMs - steadyMs) : 0
  }

  #interval(everyMs: number, { run, ageMs }: PollStanding, { steadyMs }: Now): Due {
    const isFirst = this.#lookedMs === undefined
    const sinceMs = this.#lookedMs === undefined ? everyMs : steadyMs - this.#lookedMs
    this.#lookedMs = steadyMs
    if (this.#seen?.run !== run) {
      // Of a run from the future, or of none, nothing is known: then it is due.
      const isKnown = ageMs !== undefined && ageMs >= 0
      const agoMs = isKnown ? Math.min(ageMs, sinceMs) : isFirst ? everyMs : 0
      this.#seen = { run, atMs: steadyMs - agoMs }
    }
    return { waitMs: Math.max(0, this.#seen.atMs + everyMs - steadyMs), scheduledForMs: undefined }
  }

  #times(after: (ms: number) => number | undefined, { scheduledForMs }: PollStanding, { wallMs }: Now): Due {
    this.#firstWallMs ??= wallMs
    const isKnown = scheduledForMs !== undefined && scheduledForMs - wallMs < AHEAD_MS_MAX
    const dueMs = after(isKnown ? scheduledForMs : this.#firstWallMs)
    if (dueMs === undefined) return { waitMs: AHEAD_MS_MAX, scheduledForMs: undefined }
    if (dueMs > wallMs) return { waitMs: dueMs - wallMs, scheduledForMs: dueMs }
    const next = after(dueMs)
    return { waitMs: 0, scheduledForMs: next !== undefined && next <= wallMs ? wallMs : dueMs }
  }
}

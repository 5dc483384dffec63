/** An event that the fold failed on, and its dead letter. */
export type Skip = { readonly cause: string; readonly letter: number }

/** How often one cause is told. */
const TOLD_EVERY_MS = 60_000
/** Causes that are told apart: places of a feed's source. */
const CAUSES_MAX = 20
const OTHERS = 'several causes'

/** Tells of events that are skipped: at once, and then once a minute for each cause, however many there are. */
export class SkipNotes {
  readonly #feed: string
  readonly #causes = new Map<string, { toldMs: number; untold: number }>()

  constructor(feed: string) {
    this.#feed = feed
  }

  /** The lines to log. */
  add(skips: readonly Skip[], nowMs: number): string[] {
    const lines: string[] = []
    for (const { cause, letter } of skips) {
      const name = this.#causes.has(cause) || this.#causes.size < CAUSES_MAX ? cause : OTHERS
      const known = this.#causes.get(name)
      if (known !== undefined && nowMs - known.toldMs < TOLD_EVERY_MS) {
        known.untold++
        continue
      }
      const since = known === undefined || known.untold === 0 ? '' : ` (${known.untold} more since this was last told)`
      this.#causes.set(name, { toldMs: nowMs, untold: 0 })
      lines.push(
        `the state's fold of the feed ${this.#feed} failed, and the event is skipped${since}: ${name}. The dead letter ${letter} says more: groundstation dead-letters ${this.#feed} show ${letter}`,
      )
    }
    return lines
  }
}

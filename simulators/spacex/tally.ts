import type { Trouble } from './faults/trouble.ts'

/** What was asked for and what became of it. */
export type SpacexReport = {
  readonly requests: number
  readonly notModified: number
  /** Answers that something was wrong with on purpose. */
  readonly faults: number
}

export const isTroubled = ({ slowMs, status, body, isDropped, isEndless, isSame, graphqlError, nulled }: Trouble) =>
  slowMs > 0 ||
  isDropped ||
  isEndless ||
  isSame ||
  [status, body, graphqlError, nulled].some(trouble => trouble !== undefined)

export class Tally {
  #requests = 0
  #notModified = 0
  #faults = 0

  count(status: number, trouble: Trouble): void {
    this.#requests += 1
    if (status === 304) this.#notModified += 1
    if (isTroubled(trouble)) this.#faults += 1
  }

  report(): SpacexReport {
    return { requests: this.#requests, notModified: this.#notModified, faults: this.#faults }
  }
}

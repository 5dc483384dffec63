import type { PollLog } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'

/** Whoever has not renewed the lease for so long may have died, and the poll is anybody's. */
export const LEASE_MS = 15_000

/** Holds a poll's lease on until it is stopped. `signal` is aborted with SOURCE_FENCED where another has taken the poll. */
export class Lease {
  readonly #lost = new AbortController()
  readonly #timer: NodeJS.Timeout
  #renewing: Promise<void> | undefined

  constructor(log: PollLog, epoch: number, leaseMs = LEASE_MS) {
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renew(log, epoch, leaseMs).finally(() => {
        this.#renewing = undefined
      })
    }, leaseMs / 3)
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#renewing
  }

  async #renew(log: PollLog, epoch: number, leaseMs: number): Promise<void> {
    // A database that can't be reached now says nothing: what is written is fenced all the same.
    const isHeld = await log.renew(epoch, leaseMs).catch(() => true)
    if (!isHeld) this.#lost.abort(new GroundstationError('SOURCE_FENCED', 'The poll was taken over by another process'))
  }
}

import { GroundstationError } from '../errors.ts'

/** So much work at once; what comes meanwhile waits for its turn, in its order, up to a bound. */
export class Turns {
  readonly #atOnce: number
  readonly #waitingMax: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor({ atOnce, waitingMax }: { readonly atOnce: number; readonly waitingMax: number }) {
    this.#atOnce = atOnce
    this.#waitingMax = waitingMax
  }

  /** Raises BUSY, with `refusal`, where too many wait already. */
  async run<Result>(work: () => Promise<Result>, refusal: string): Promise<Result> {
    if (this.#running < this.#atOnce) this.#running++
    else {
      if (this.#waiting.length >= this.#waitingMax) throw new GroundstationError('BUSY', refusal)
      // Whoever ends hands its turn on, so that nobody slips in between.
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

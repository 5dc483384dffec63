import { GroundstationError } from '../../errors.ts'

/** Bytes that all requests may hold in memory together. */
export class Budget {
  readonly #max: number
  #held = 0

  constructor(max: number) {
    this.#max = max
  }

  get held(): number {
    return this.#held
  }

  /** Raises BUSY where they would be too many. */
  take(bytes: number): void {
    if (this.#held + bytes > this.#max)
      throw new GroundstationError('BUSY', 'Too many bodies are being read at once. Send the request again later.')
    this.#held += bytes
  }

  giveBack(bytes: number): void {
    this.#held -= bytes
  }
}

import type { FastifyRequest } from 'fastify'
import { GroundstationError } from '../../errors.ts'

/** Who has a stream open: the user or the machine, and the address where nobody is known. */
export const holderOf = ({ identity, ip }: FastifyRequest): string =>
  identity === undefined ? `address ${ip}` : `${identity.kind} ${identity.id}`

/** How many streams one user, or one address where nobody is known, may have open at a time. */
export class Seats {
  readonly #max: number
  readonly #taken = new Map<string, number>()

  constructor(max: number) {
    this.#max = max
  }

  /** Gives back what frees the seat. Raises TOO_MANY_REQUESTS. */
  take(holder: string): () => void {
    const taken = this.#taken.get(holder) ?? 0
    if (taken >= this.#max)
      throw new GroundstationError(
        'TOO_MANY_REQUESTS',
        `${this.#max} streams are open already: close one, or set STREAMS_PER_USER_MAX.`,
      )
    this.#taken.set(holder, taken + 1)
    return () => {
      const left = (this.#taken.get(holder) ?? 1) - 1
      if (left === 0) this.#taken.delete(holder)
      else this.#taken.set(holder, left)
    }
  }
}

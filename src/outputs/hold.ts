import type { Query } from '../store/store.ts'
import { type ClaimedOutput, moveOutput, releaseOutput } from '../store/write/outputs.ts'
import type { Position } from './contract.ts'

/** Renewed so many times before it would end. */
const RENEWALS = 3

/**
 * An output that this process holds, for as long as it says so again and again. Only a hint that keeps others away: who has
 * lost it finds out by the epoch, and by the target, which has been fenced.
 */
export class Hold {
  readonly #query: Query
  readonly #id: number
  readonly #epoch: number
  readonly #holdMs: number
  readonly #onLost: () => void
  readonly #timer: NodeJS.Timeout
  #position: Position
  #isTaken = false
  isLost = false

  constructor(query: Query, id: number, claimed: ClaimedOutput, holdMs: number, onLost: () => void) {
    this.#query = query
    this.#id = id
    this.#epoch = claimed.epoch
    this.#position = claimed
    this.#holdMs = holdMs
    this.#onLost = onLost
    // What the database doesn't hear is told again; whoever delivers meets it as well, and says so.
    this.#timer = setInterval(() => void this.#save().catch(() => undefined), holdMs / RENEWALS)
  }

  get position(): Position {
    return this.#position
  }

  /** Goes on from there; kept with the next renewal. */
  pass(position: Position): void {
    this.#position = position
  }

  /** Goes on from there. Resolves when the database knows, or the output is lost. */
  async move(position: Position): Promise<void> {
    this.#position = position
    this.#isTaken = true
    await this.#save()
  }

  /** Lets it go, and says what was in the way. False where another has it. */
  async release(problem?: string): Promise<boolean> {
    clearInterval(this.#timer)
    if (this.isLost) return false
    if (problem === undefined) await this.#save()
    return releaseOutput(this.#query, this.#id, this.#epoch, problem)
  }

  async #save(): Promise<void> {
    const { lastId, place } = this.#position
    const progress = { id: this.#id, epoch: this.#epoch, lastId, place, isWell: this.#isTaken }
    if (this.isLost || (await moveOutput(this.#query, progress, this.#holdMs))) return
    this.isLost = true
    clearInterval(this.#timer)
    this.#onLost()
  }
}

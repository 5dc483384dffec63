import type { Engine, Outcome } from '../../engine/contract.ts'

/** Takes the chunks of one input, one after another. */
export type Sender = {
  /** Resolves when it can take the next. */
  send(events: readonly Buffer[], places: readonly number[], isLast: boolean): Promise<void>
  /** Resolves when everything that was sent is durable. */
  finish(): Promise<void>
}

/** Told what became of the event that had this place in its input, counted from 1. */
export type Tell = (outcome: Outcome, place: number) => void

export type SendTarget = {
  readonly engine: Engine
  readonly feed: string
  /** The input's, for dead letters. */
  readonly name: string
  readonly tell: Tell
  readonly signal: AbortSignal | undefined
}

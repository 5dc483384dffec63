import type { Cursor, Place } from '../../src/sequencer/cursor.ts'
import type { Incoming, Verdict } from '../../src/sequencer/transitions.ts'

/**
 * What a key should know, one number at a time and with code of its own: slow, plain, and without a range. Numbers are
 * counted from `base`; all up to it are applied.
 */
export class Model {
  readonly applied = new Set<number>()
  readonly held = new Map<number, number>()
  readonly missing = new Set<number>()
  readonly voided = new Set<number>()
  /** Every number that was applied, in the order in which it was: each must be here once. */
  readonly log: number[] = []
  frontier: number
  readonly base: number

  constructor(base: number) {
    this.base = base
    this.frontier = base
  }

  placeOf(number: number): Place {
    if (this.held.has(number)) return 'held'
    if (this.missing.has(number)) return 'missing'
    if (this.voided.has(number)) return number <= this.frontier ? 'voidedBelow' : 'voidedAhead'
    if (number <= this.frontier) return 'applied'
    return number === this.frontier + 1 ? 'next' : 'ahead'
  }

  arrive(number: number, incoming: Incoming, verdict: Verdict, now: number): void {
    if (incoming === 'event') {
      if (verdict === 'hold') this.held.set(number, now)
      if (verdict === 'heal' || verdict === 'apply') this.#apply(number)
      this.voided.delete(number)
      this.missing.delete(number)
      if (verdict === 'apply') this.frontier = number
    } else if (verdict === 'void') {
      this.missing.delete(number)
      this.voided.add(number)
    }
    this.#settle()
  }

  /** Gives up the numbers before the lowest that is held. */
  releaseLowest(): void {
    const lowest = Math.min(...this.held.keys())
    if (this.held.size === 0) return
    for (let number = this.frontier + 1; number < lowest; number++)
      if (!this.voided.has(number)) this.missing.add(number)
    this.frontier = lowest - 1
    this.#settle()
  }

  releaseDue(dueBefore: number): void {
    while (this.held.size > 0 && Math.min(...this.held.values()) <= dueBefore) this.releaseLowest()
  }

  #apply(number: number): void {
    this.applied.add(number)
    this.log.push(number)
  }

  #settle(): void {
    for (;;) {
      const next = this.frontier + 1
      if (this.held.delete(next)) this.#apply(next)
      else if (!this.voided.has(next)) return
      this.frontier = next
    }
  }
}

/** A cursor's numbers up to a highest one, in the model's form. */
export function numbersOf(cursor: Cursor): { held: number[]; missing: number[]; voided: number[] } {
  const all = (spans: readonly { readonly from: number; readonly to: number }[]) =>
    spans.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index))
  return {
    held: all(cursor.held),
    missing: all(cursor.missing),
    voided: all(cursor.voided.map(([from, to]) => ({ from, to }))),
  }
}

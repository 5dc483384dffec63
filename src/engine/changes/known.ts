import type { StateValue } from '../../feed/state.ts'
import type { Range } from '../../sequencer/ranges.ts'

/** A key as it was when its lane stood at some position. */
export type Known = {
  readonly sequence: number
  readonly events: number
  readonly time: string | null
  readonly state: StateValue
}

/** Whether every number up to the highest was in by then; what was voided since counts as well. */
export function isComplete({ sequence, events }: Known, voided: readonly Range[]): boolean {
  if (events === sequence) return true
  const passed = voided.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, sequence) - from + 1), 0)
  return events + passed >= sequence
}

const KEYS_MAX = 20_000
const LENGTH_MAX = 8 * 1024 * 1024

type Lane = { at: number; young: Map<number, Known>; old: Map<number, Known>; length: number }

/** Keys as a reader left them, lane by lane, for when it goes on where it was. Bounded: two generations, the older dropped. */
export class KnownKeys {
  readonly #lanes = new Map<number, Lane>()
  readonly #laneCount: number

  constructor(laneCount: number) {
    this.#laneCount = laneCount
  }

  /** Undefined for a key that isn't known as it was at this position. */
  get(lane: number, at: number, keyId: number): Known | undefined {
    const known = this.#lanes.get(lane)
    return known?.at === at ? (known.young.get(keyId) ?? known.old.get(keyId)) : undefined
  }

  /** What follows is about the lane's position `to`; all that is known of `from` stays true but for what is set. */
  move(lane: number, from: number, to: number): void {
    const known = this.#lanes.get(lane)
    if (known?.at === from) known.at = to
    else this.#lanes.set(lane, { at: to, young: new Map(), old: new Map(), length: 0 })
  }

  /** `length`: about how much there is of it. */
  set(lane: number, keyId: number, known: Known, length: number): void {
    const of = this.#lanes.get(lane)
    if (of === undefined) return
    of.young.set(keyId, known)
    of.length += length
    if (of.young.size * this.#laneCount < KEYS_MAX / 2 && of.length * this.#laneCount < LENGTH_MAX / 2) return
    of.old = of.young
    of.young = new Map()
    of.length = 0
  }
}

import { runGuarded } from '../engine/guard.ts'
import type { CompiledState, StateValue } from '../feed/state.ts'

/** A turn of folding ends by itself after this long; one that doesn't is stuck in its event. */
const TURN_MS = 1_000

export type Folding = {
  state: StateValue
  readonly skipped: number[]
  /** Numbers that took too long before: how long a fold takes is not to be repeated. */
  readonly timedOut: ReadonlySet<number>
  /** Called after each event that was folded or skipped. */
  readonly reached: (sequence: number) => void
}

export type FoldStep = {
  readonly folding: Folding
  readonly sequence: number
  readonly event: unknown
  readonly type: string
}

/** Carries the keys' states over one page of the record. What throws, loops or gives no object is skipped. */
export function foldPage(state: CompiledState, steps: readonly FoldStep[]): void {
  let at = 0
  const turn = () => {
    const end = performance.now() + TURN_MS
    while (at < steps.length && performance.now() < end) {
      const step = steps[at] as FoldStep
      const { folding } = step
      const next = folding.timedOut.has(step.sequence) ? undefined : attempt(state, step)
      if (next === undefined) folding.skipped.push(step.sequence)
      else folding.state = next
      at++
      folding.reached(step.sequence)
    }
  }
  while (at < steps.length) {
    const before = at
    if (runGuarded(turn, 2 * TURN_MS) || at > before) continue
    const stuck = steps[at]
    stuck?.folding.skipped.push(stuck.sequence)
    at++
    stuck?.folding.reached(stuck.sequence)
  }
}

function attempt(state: CompiledState, { folding, event, type }: FoldStep): StateValue | undefined {
  try {
    return state.accept(state.evolve(folding.state, event, type))
  } catch {
    return undefined
  }
}

/** A goal: at least so much of the floor, or at most so much. */
export type Goal = { readonly least: number } | { readonly most: number } | undefined

/** One line of the table: what was measured, beside what the machine can do without us. */
export type Figure = {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly value: number
  readonly floor: { readonly title: string; readonly value: number } | undefined
  /** Value over floor, the median of the rounds. */
  readonly ratio: number | undefined
  /** The floor over itself, measured twice in each round: how far from 1 the machine alone can take a ratio. */
  readonly control: number | undefined
  readonly goal: Goal
  readonly notes: readonly string[]
  readonly samples: { readonly floor: readonly number[]; readonly value: readonly number[] }
}

/** Whether the goal is met; undefined where there is none. */
export function isMet({ goal, ratio, value }: Figure): boolean | undefined {
  if (goal === undefined) return undefined
  return 'least' in goal ? (ratio ?? value) >= goal.least : value <= goal.most
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export type Compared = Pick<Figure, 'value' | 'ratio' | 'control' | 'samples'> & { readonly floorValue: number }

/** Floor, value, floor, again and again: what drifts drifts for both. */
export async function compare(
  rounds: number,
  measure: { readonly floor: () => Promise<number>; readonly value: () => Promise<number> },
): Promise<Compared> {
  const floor: number[] = []
  const value: number[] = []
  const ratios: number[] = []
  const controls: number[] = []
  for (let round = 0; round < rounds; round++) {
    const before = await measure.floor()
    const ours = await measure.value()
    const after = await measure.floor()
    floor.push(before, after)
    value.push(ours)
    ratios.push(ours / ((before + after) / 2))
    controls.push(after / before)
  }
  return {
    value: median(value),
    floorValue: median(floor),
    ratio: median(ratios),
    control: median(controls),
    samples: { floor, value },
  }
}

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
  { floor, value }: { readonly floor: () => Promise<number>; readonly value: () => Promise<number> },
): Promise<Compared> {
  return (await compareWith(rounds, { floors: { floor }, value })).floor
}

/** The same with several floors: each of them, the value, each of them. */
export async function compareWith<Name extends string>(
  rounds: number,
  measure: { readonly floors: Readonly<Record<Name, () => Promise<number>>>; readonly value: () => Promise<number> },
): Promise<Record<Name, Compared>> {
  const floors = Object.entries<() => Promise<number>>(measure.floors).map(([name, run]) => ({
    name,
    run,
    before: [] as number[],
    after: [] as number[],
  }))
  const value: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (const { run, before } of floors) before.push(await run())
    value.push(await measure.value())
    for (const { run, after } of floors) after.push(await run())
  }
  const compared = floors.map(({ name, before, after }) => [name, comparedOf(value, before, after)])
  return Object.fromEntries(compared) as Record<Name, Compared>
}

function comparedOf(value: readonly number[], before: readonly number[], after: readonly number[]): Compared {
  const at = (floors: readonly number[], round: number): number => floors[round] ?? Number.NaN
  const floor = before.flatMap((one, round) => [one, at(after, round)])
  return {
    value: median(value),
    floorValue: median(floor),
    ratio: median(value.map((ours, round) => ours / ((at(before, round) + at(after, round)) / 2))),
    control: median(before.map((one, round) => at(after, round) / one)),
    samples: { floor, value },
  }
}

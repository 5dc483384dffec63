import { type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import { openFleet } from './fleets.ts'

const KEYS = 1_000
const SHORT = 100_000
const LONG = 10_000_000
const EVENTS = 200_000

/** Whether a long record makes the next events slower. The short one is made anew each time, or it would grow long. */
export async function measureLong(bench: Bench): Promise<Figure[]> {
  const long = await openFleet(bench, 'bench_long', KEYS)
  await long.fill(LONG)
  const compared = await compare(bench.options.rounds, {
    floor: async () => {
      const short = await openFleet(bench, 'bench_short', KEYS)
      await short.fill(SHORT)
      const rate = await short.measure(EVENTS)
      await short.stop()
      return rate
    },
    value: () => long.measure(EVENTS),
  })
  await long.stop()
  return [
    {
      ...compared,
      name: 'long',
      title: `After ${thousands(LONG)} events on the record; the next ${thousands(EVENTS)}`,
      unit: 'events/s',
      floor: { title: `after ${thousands(SHORT)}`, value: compared.floorValue },
      goal: { least: 0.8 },
      notes: [],
    },
  ]
}

import { type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import { openFleet } from './fleets.ts'

const FEW = 1_000
const MANY = 1_000_000

/** The same stream over a thousand times as many keys. */
export async function measureKeys(bench: Bench): Promise<Figure[]> {
  const events = Math.ceil(bench.options.events / 4)
  const few = await openFleet(bench, 'bench_few', FEW)
  const many = await openFleet(bench, 'bench_many', MANY)
  await few.fill(FEW + events)
  const compared = await compare(bench.options.rounds, {
    floor: () => few.measure(events),
    value: () => many.measure(events),
  })
  await bench.server.settle()
  const afterCheckpoint = await many.measure(events)
  await few.stop()
  await many.stop()
  return [
    {
      ...compared,
      name: 'keys',
      title: `${thousands(MANY)} keys; ${thousands(events)} events at a time`,
      unit: 'events/s',
      floor: { title: `${thousands(FEW)} keys`, value: compared.floorValue },
      goal: { least: 0.8 },
      notes: [`the first ${thousands(events)} after a checkpoint: ${thousands(afterCheckpoint)} events/s`],
    },
  ]
}

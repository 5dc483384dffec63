import { type Bench, thousands } from '../bench.ts'
import { describeCost, startCost } from '../cost.ts'
import { assertStored } from '../destination.ts'
import { compare, type Figure } from '../figure.ts'
import type { CopyMethods } from '../processes/copy.ts'
import type { EngineMethods } from '../processes/engine.ts'
import { type Process, startProcess } from '../processes/start.ts'
import { BATCH, bareCopy, readRowsOf } from './bare-copy.ts'
import { IN_FLIGHT } from './fleets.ts'

const KEYS = 1_000

/** Raw bytes through the engine, beside a bare COPY of the very rows that it wrote. */
export async function measureCopy(bench: Bench): Promise<Figure[]> {
  const { options } = bench
  const { writers, events } = options
  const engine = await startProcess<EngineMethods>('engine')
  const copy = await startProcess<CopyMethods>('copy')
  try {
    await engine.call('prepare', { seed: 1, events, keys: KEYS })
    // The first run warms the code up, and makes the rows that are copied.
    await submit(bench, engine, undefined)
    await readRowsOf(bench, copy, 'bench_engine')
    const costs: string[] = []
    const compared = await compare(options.rounds, {
      floor: () => bareCopy(bench, copy, events),
      value: async () => {
        const { seconds, spent } = await submit(bench, engine, options.profile)
        costs.push(spent)
        return events / seconds
      },
    })
    return [
      {
        ...compared,
        name: 'copy',
        title: `Batches through validate, sequence, store, state; ${thousands(events)} events, ${thousands(KEYS)} keys`,
        unit: 'events/s',
        floor: { title: `bare COPY of the same rows, ${writers} connections`, value: compared.floorValue },
        goal: { least: 0.7 },
        notes: costs,
      },
    ]
  } finally {
    await engine.stop()
    await copy.stop()
  }
}

async function submit(
  bench: Bench,
  engine: Process<EngineMethods>,
  profile: string | undefined,
): Promise<{ readonly seconds: number; readonly spent: string }> {
  const { server, options } = bench
  const url = await server.make('bench_engine', bench.blank)
  await server.settle()
  const pace = { batch: BATCH, inFlight: IN_FLIGHT, profile }
  const cost = await startCost(engine.pid)
  const { seconds } = await engine.call('submit', { url, writers: options.writers, ...pace })
  const spent = describeCost(await cost(), options.events)
  await assertStored(bench, 'bench_engine', options.events)
  bench.say(`engine ${thousands(options.events / seconds)}/s; ${spent}`)
  return { seconds, spent }
}

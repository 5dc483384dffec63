import { type Bench, thousands } from '../bench.ts'
import { assertStored } from '../destination.ts'
import type { EngineMethods } from '../processes/engine.ts'
import { type Process, startProcess } from '../processes/start.ts'
import { BATCH } from './bare-copy.ts'

/** Submissions that wait at once: two a writer are written while two gather. */
export const IN_FLIGHT = 4
/** Events that are made and submitted at a time while a database is filled. */
const FILL = 250_000

/**
 * A database of its own with rockets that go on talking. No checkpoint before each measurement: the first change of a page
 * after one writes the whole page to the log, which a quarter of an hour of many keys pays once, and a second would pay whole.
 */
export type FleetBase = {
  /** Events a second of the next so many. */
  measure(count: number): Promise<number>
  fill(events: number): Promise<void>
  stop(): Promise<void>
}

export async function openFleet(bench: Bench, database: string, keys: number): Promise<FleetBase> {
  const url = await bench.server.make(database, bench.blank)
  const engine = await startProcess<EngineMethods>('engine')
  await engine.call('muster', { seed: 1, keys })
  await submit(bench, engine, url)
  let stored = keys
  const next = async (count: number): Promise<number> => {
    await engine.call('fly', { count })
    const { seconds } = await submit(bench, engine, url)
    stored += count
    return count / seconds
  }
  return {
    measure: async count => {
      const rate = await next(count)
      bench.say(`${thousands(rate)} events/s, ${thousands(keys)} keys, ${thousands(stored)} on the record`)
      return rate
    },
    fill: async events => {
      while (stored < events) await next(Math.min(FILL, events - stored))
    },
    stop: async () => {
      await assertStored(bench, database, stored)
      await engine.stop()
      await bench.server.drop(database)
    },
  }
}

const submit = ({ options }: Bench, engine: Process<EngineMethods>, url: string) =>
  engine.call('submit', { url, writers: options.writers, batch: BATCH, inFlight: IN_FLIGHT })

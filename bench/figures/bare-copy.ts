import { type Bench, thousands } from '../bench.ts'
import { describeCost, startCost } from '../cost.ts'
import { assertStored } from '../destination.ts'
import type { CopyMethods } from '../processes/copy.ts'
import type { Process } from '../processes/start.ts'

/** Events of a batch, and rows of the record in a transaction of the floor. */
export const BATCH = 5_000

/** Has the floor's process read the rows that a run wrote. */
export async function readRowsOf({ server, options }: Bench, copy: Process<CopyMethods>, database: string) {
  await copy.call('read', { url: server.urlOf(database), connections: options.writers, batch: BATCH })
}

/** Those rows into tables like those that they came from; rows of the record a second. */
export async function bareCopy(bench: Bench, copy: Process<CopyMethods>, events: number): Promise<number> {
  const { server, blank } = bench
  const url = await server.make('bench_copy', blank)
  await server.settle()
  const cost = await startCost(copy.pid)
  const { seconds } = await copy.call('write', { url })
  const spent = describeCost(await cost(), events)
  await assertStored(bench, 'bench_copy', events, { folded: false })
  await server.drop('bench_copy')
  bench.say(`COPY ${thousands(events / seconds)}/s; ${spent}`)
  return events / seconds
}

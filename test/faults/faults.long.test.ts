/**
 * The fault runs at length. FAULT_SCALE=0.1 makes them a tenth as long, FAULT_SCALE=20 has them go on for hours;
 * FAULT_SEED repeats one.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { freshDatabase } from '../database.ts'
import { newHome } from '../embedded/homes.ts'
import { Cluster } from './cluster.ts'
import { backendRun, frozenRun, lockRun } from './database-runs.ts'
import { expectKept, type Run, seedOf } from './load.ts'
import { crashRun, cutRun, halfOpenRun, killRun, type RunOptions, twoRun } from './runs.ts'
import { orphanRun, stopRun } from './stop-runs.ts'

const SCALE = Number(process.env.FAULT_SCALE ?? 1)
const MESSAGES_PER_FAULT = 700

let cluster: Cluster
before(async () => {
  cluster = await Cluster.make()
  await cluster.start()
})
after(() => cluster.remove())

type Options = Omit<RunOptions, 'cluster'>

function long(name: string, faults: number, run: (t: TestContext, options: Options) => Promise<Run>): void {
  test(name, async t => {
    const seed = seedOf()
    const count = Math.max(2, Math.round(faults * SCALE))
    const options = { seed, faults: count, messages: count * MESSAGES_PER_FAULT, drainMs: 60_000 + count * 20_000 }
    expectKept(await run(t, options), seed, import.meta.url)
  })
}

long('kill -9 of the service', 40, (t, options) => killRun(t, { ...options, cluster }))
long('two services, killed in turn', 40, (t, options) => twoRun(t, { ...options, cluster, rockets: 30 }))
long('backends and postmaster killed', 24, (t, options) => backendRun(t, { ...options, cluster }))
long('all of the database killed at once', 15, (t, options) => crashRun(t, { ...options, cluster }))
long('connections cut around commits, a third of the messages broken', 200, (t, options) =>
  cutRun(t, { ...options, messages: options.faults * 60, invalid: 0.3, cluster }),
)
long('the lanes locked by somebody else', 4, (t, options) => lockRun(t, { ...options, cluster, holdMs: 3_000 }))
// Longer than the service waits for a lock, and shorter than clients wait for an answer.
long('backends frozen with the locks they hold', 2, (t, options) =>
  frozenRun(t, { ...options, cluster, holdMs: 25_000 }),
)
long('SIGTERM and SIGINT, one service', 15, async (t, options) =>
  stopRun(t, { ...options, databaseUrl: await freshDatabase(t), count: 1 }),
)
long('rolling restarts of two services', 20, async (t, options) =>
  stopRun(t, { ...options, databaseUrl: await freshDatabase(t), count: 2 }),
)
long('kill -9 on the embedded database', 15, async (t, options) => {
  const home = await newHome(t)
  const databaseUrlOf = async () => (await readFile(join(home, 'database-url'), 'utf8')).trim()
  return orphanRun(t, { ...options, home, databaseUrlOf })
})
// A batch is cut after 75 seconds, and tried again on another connection.
test('connections half open', async t => {
  const seed = seedOf()
  const options = { seed, faults: 1, messages: 400, drainMs: 150_000, cluster }
  expectKept(await halfOpenRun(t, options), seed, import.meta.url)
})

import { after, before, test } from 'node:test'
import { Cluster } from './cluster.ts'
import { backendRun, outage } from './database-runs.ts'
import { expectKept, seedOf } from './load.ts'
import { crashRun, cutRun } from './runs.ts'

let cluster: Cluster
before(async () => {
  cluster = await Cluster.make()
  await cluster.start()
})
after(() => cluster.remove())

test('backends ended, and killed with -9, under load', async t => {
  const seed = seedOf()
  expectKept(await backendRun(t, { seed, messages: 600, faults: 2, cluster }), seed, import.meta.url)
})

test('all of the database killed at once under load, as when the machine stops', async t => {
  const seed = seedOf()
  expectKept(await crashRun(t, { seed, messages: 800, faults: 1, cluster }), seed, import.meta.url)
})

test('connections cut before and after a commit reaches the database', async t => {
  const seed = seedOf()
  expectKept(await cutRun(t, { seed, messages: 600, faults: 6, cluster }), seed, import.meta.url)
})

test('the database gone: refusals that say so, and all goes on when it is back', async t => {
  const seed = seedOf()
  expectKept(await outage(t, { seed, cluster }), seed, import.meta.url)
})

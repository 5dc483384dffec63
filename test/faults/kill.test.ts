import { after, before, test } from 'node:test'
import { Cluster } from './cluster.ts'
import { expectKept, seedOf } from './load.ts'
import { killRun, twoRun } from './runs.ts'

let cluster: Cluster
before(async () => {
  cluster = await Cluster.make()
  await cluster.start()
})
after(() => cluster.remove())

test('kill -9 of the service under load', async t => {
  const seed = seedOf()
  expectKept(await killRun(t, { seed, messages: 1_000, faults: 2, cluster }), seed, import.meta.url)
})

test('two services against one database, killed in turn', async t => {
  const seed = seedOf()
  expectKept(await twoRun(t, { seed, messages: 1_000, faults: 2, cluster }), seed, import.meta.url)
})

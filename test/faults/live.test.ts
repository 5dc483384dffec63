import { after, before, test } from 'node:test'
import { Cluster } from './cluster.ts'
import { liveRun } from './live-runs.ts'
import { expectKept, seedOf } from './load.ts'

let cluster: Cluster
before(async () => {
  cluster = await Cluster.make()
  await cluster.start()
})
after(() => cluster.remove())

test('S: two services killed and stopped in turn, listeners that come and go', async t => {
  const seed = seedOf()
  expectKept(await liveRun(t, { seed, messages: 600, faults: 2, listeners: 12, cluster }), seed, import.meta.url)
})

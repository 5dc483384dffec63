import { test } from 'node:test'
import { rocketTraffic } from '../../simulators/rockets/index.ts'
import { check } from './checker.ts'
import { sendAll } from './client.ts'
import { Cluster } from './cluster.ts'
import { History } from './history.ts'
import { expectKept, seedOf } from './load.ts'
import { CuttingProxy } from './proxy.ts'
import { newService } from './service.ts'

test('a commit that was done and never answered: unknown, or told as it is, also for what became a dead letter', async t => {
  const seed = seedOf()
  const cluster = await Cluster.make()
  t.after(() => cluster.remove())
  await cluster.start()
  const proxy = await CuttingProxy.open(cluster.port)
  t.after(() => proxy.close())
  const databaseUrl = await cluster.newDatabase()
  const through = cluster.url(new URL(databaseUrl).pathname.slice(1), proxy.port)
  const service = await newService(t, { databaseUrl: through, program: 'engine' })
  await service.start()
  const history = new History()
  const client = { history, url: () => service.url, signal: t.signal }
  const postings = rocketTraffic({ seed, rockets: 1, maxMessages: 6, invalid: 0.9 }).postings[Symbol.iterator]()
  // Every other commit, so that what is sent again comes through.
  let commits = 0
  proxy.onCommit = () => (commits++ % 2 === 0 ? 'after' : undefined)
  await sendAll(postings, client)
  expectKept({ violations: await check(history, databaseUrl) }, seed, import.meta.url)
})

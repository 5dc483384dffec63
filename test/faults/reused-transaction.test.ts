import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { rocketTraffic } from '../../simulators/rockets/index.ts'
import { check } from './checker.ts'
import { sendAll } from './client.ts'
import { Cluster } from './cluster.ts'
import { History } from './history.ts'
import { expectKept, seedOf } from './load.ts'
import { statement, withConnection } from './observed.ts'
import { CuttingProxy } from './proxy.ts'
import { newService } from './service.ts'

const SETTINGS = { wal_writer_delay: '10s', autovacuum: 'off' }

/**
 * A crash takes back the numbers of transactions that had written nothing yet, and gives them out again. So the number
 * alone doesn't tell what became of a transaction whose commit was never answered: it may be another one's by now.
 */
test("a commit lost in a crash isn't taken for done because another transaction got its number", async t => {
  const seed = seedOf()
  const cluster = await Cluster.make()
  t.after(() => cluster.remove())
  await cluster.start(SETTINGS)
  const proxy = await CuttingProxy.open(cluster.port)
  t.after(() => proxy.close())
  const databaseUrl = await cluster.newDatabase()
  const through = cluster.url(new URL(databaseUrl).pathname.slice(1), proxy.port)
  const service = await newService(t, { databaseUrl: through, program: 'engine' })
  await service.start()
  await statement(databaseUrl, 'create table public.used (number xid8); checkpoint')

  const history = new History()
  const client = { history, url: () => service.url, signal: t.signal, answerTimeoutMs: 30_000 }
  const postings = rocketTraffic({ seed, rockets: 1, maxMessages: 1 }).postings[Symbol.iterator]()
  proxy.onCommit = () => {
    proxy.onCommit = () => undefined
    return 'hold'
  }
  const sending = sendAll(postings, client)
  while (proxy.cuts === 0) await delay(5)
  const [open] = await statement(databaseUrl, 'select max(backend_xid::text::bigint) as number from pg_stat_activity')
  proxy.accepts = false
  await cluster.crash()
  proxy.cutAll()
  await cluster.start(SETTINGS)
  await withConnection(databaseUrl, async other => {
    for (let transaction = 0; transaction < 20; transaction++)
      await other.query('insert into public.used select pg_current_xact_id()')
    const { rows } = await other.query('select 1 from public.used where number::text = $1', [open?.number])
    assert.equal(rows.length, 1, 'the number of the lost transaction was not given out again: the test tests nothing')
  })
  proxy.accepts = true
  await sending
  expectKept({ violations: await check(history, databaseUrl) }, seed, import.meta.url)
})

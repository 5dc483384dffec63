import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEngine } from '../../src/engine/engine.ts'
import { keepsOf } from '../../src/engine/keeps.ts'
import type { CompiledFeed } from '../../src/feed/compile.ts'
import { listForTopic, listOutputs, listWaiting } from '../../src/store/read/outputs.ts'
import { openStore } from '../../src/store/store.ts'
import { forgetAlerts } from '../../src/store/write/alerts.ts'
import { claimOutput, moveOutput, registerOutput, releaseOutput } from '../../src/store/write/outputs.ts'
import { freshDatabase } from '../database.ts'
import { alarm, alarmsFeed } from './alarms.ts'

const NAME = { feed: 'alarms', stream: '/alerts', kind: 'kafka', target: 'some.topic' }
const HOLD_MS = 60_000

test('an alert is forgotten once its outputs have passed it, and not before', async t => {
  const { store, send, ids } = await newStore(t)
  await send(...Array.from({ length: 6 }, (_, index) => alarm('a', index + 1, index === 0 ? 'quiet' : 'loud')))
  const keep = { feeds: ['alarms'], ms: 0, othersMs: 0 }
  const forget = () => forgetAlerts(store.query, '/alerts', keep, 100)
  const id = await registerOutput(store.query, NAME)
  await forget()
  assert.deepEqual(await ids(), [2, 3, 4, 5, 6])
  const { epoch } = (await claimOutput(store.query, id, HOLD_MS)) ?? { epoch: 0 }
  await moveOutput(store.query, { id, epoch, lastId: 4, place: null, isWell: true }, HOLD_MS)
  await forget()
  assert.deepEqual(await ids(), [5, 6])
  // Another topic's output waits for none of them.
  await registerOutput(store.query, { ...NAME, target: 'another.topic' })
  await moveOutput(store.query, { id, epoch, lastId: 6, place: null, isWell: true }, HOLD_MS)
  await forget()
  assert.deepEqual(await ids(), [])
})

test('a sweep that has nothing to forget reads a few alerts, and one that has forgets all that it may', async t => {
  const { store, send, ids } = await newStore(t)
  await send(...Array.from({ length: 400 }, (_, index) => alarm('a', index + 1)))
  const looks: unknown[] = []
  const query: typeof store.query = (text, values = [], name) => {
    looks.push(values[2])
    return store.query(text, values, name)
  }
  const keep = { feeds: ['alarms'], ms: 3_600_000, othersMs: 0 }
  const forget = async (limit: number) => {
    looks.length = 0
    await forgetAlerts(query, '/alerts', keep, limit)
    return (await ids())[0]
  }
  assert.equal(await forget(10_000), 1)
  assert.deepEqual(looks, [16])
  const age = "update groundstation.alert set raised = raised - interval '2 hours' where id between $1 and $2"
  await store.query(age, [1, 5])
  assert.equal(await forget(10_000), 6)
  assert.deepEqual(looks, [16])
  await store.query(age, [6, 390])
  assert.equal(await forget(100), 106)
  assert.deepEqual(looks, [16, 84])
  assert.equal(await forget(10_000), 391)
  assert.deepEqual(looks, [16, 128, 1024])
})

test('what an output has still to deliver is counted up to a bound', async t => {
  const { store, send } = await newStore(t)
  await send(...Array.from({ length: 5 }, (_, index) => alarm('a', index + 1)))
  await registerOutput(store.query, NAME)
  const lags = await Promise.all([3, 5, 100].map(async most => (await listOutputs(store.query, most))[0]?.lag))
  assert.deepEqual(lags, [3, 5, 5])
})

test('a stream is kept for as long as the most patient of its rules says, of whatever feed', async t => {
  const { store, send, ids } = await newStore(t)
  await send(alarm('a', 1), alarm('a', 2), alarm('a', 3), alarm('a', 4))
  const hours = (count: number) => `${count} hours`
  for (const [id, age] of [30 * 24 + 1, 3, 1, 3].map((count, index) => [index + 1, hours(count)] as const))
    await store.query('update groundstation.alert set raised = raised - $2::interval where id = $1', [id, age])
  const of = (name: string, keep: string) => alarmsFeed(name, 'some.topic', '/alerts', keep)
  const forget = async (...feeds: readonly CompiledFeed[]) => {
    const keep = keepsOf(feeds).get('/alerts')
    assert.ok(keep !== undefined)
    await forgetAlerts(store.query, '/alerts', keep, 100)
    return ids()
  }
  // A process that doesn't know whose they are keeps them for a month.
  assert.deepEqual(await forget(of('hasty', '1s')), [2, 3, 4])
  assert.deepEqual(await forget(of('hasty', '1s'), of('alarms', '2h')), [3, 4])
  assert.deepEqual(await forget(of('hasty', '3h'), of('alarms', '1s')), [3, 4])
  assert.deepEqual(await forget(of('hasty', '1s'), of('alarms', '1s')), [])
})

test('an output has one holder, whose epoch alone moves it', async t => {
  const { store, send } = await newStore(t)
  await send(alarm('a', 1), alarm('a', 2))
  const { query } = store
  const [id, same] = await Promise.all([registerOutput(query, NAME), registerOutput(query, NAME)])
  assert.equal(id, same)
  const claims = await Promise.all([claimOutput(query, id, HOLD_MS), claimOutput(query, id, HOLD_MS)])
  const [first, none] = [claims.find(one => one !== undefined), claims.find(one => one === undefined)]
  assert.ok(first !== undefined && none === undefined)
  const moved = (epoch: number, lastId: number) =>
    moveOutput(query, { id, epoch, lastId, place: { at: lastId }, isWell: true }, 0)
  assert.equal(await moved(first.epoch, 1), true)
  const second = await claimOutput(query, id, HOLD_MS)
  assert.deepEqual(second, { epoch: first.epoch + 1, lastId: 1, place: { at: 1 } })
  assert.equal(await moved(first.epoch, 2), false)
  assert.equal(await releaseOutput(query, id, first.epoch, 'late'), false)
  assert.equal(await releaseOutput(query, id, second?.epoch ?? 0, 'no way'), true)
  const [told] = await listOutputs(query)
  assert.deepEqual([told?.lastId, told?.lag, told?.isHeld, told?.problem], [1, 1, false, 'no way'])
  assert.ok((told?.behindMs ?? 0) > 0)
  assert.deepEqual(await listWaiting(query, 'alarms', 'kafka'), [{ stream: '/alerts', target: 'some.topic' }])
})

test('a page ends where its bytes or its number do, and passes what is for others', async t => {
  const { store, send } = await newStore(t)
  const long = 'x'.repeat(1_000)
  await send(alarm('a', 1), alarm('a', 2, 'quiet'), alarm('a', 3), alarm('a', 4, 'loud', long), alarm('a', 5, 'quiet'))
  const page = async (after: number, alerts: number, bytes: number) => {
    const { feed, stream, target: topic } = NAME
    const found = await listForTopic(store.query, { feed, stream, topic }, after, { alerts, bytes })
    return [found.alerts.map(({ id }) => id), found.next]
  }
  assert.deepEqual(await page(0, 10, 10_000), [[1, 3, 4], 5])
  assert.deepEqual(await page(0, 2, 10_000), [[1, 3], 3])
  assert.deepEqual(await page(0, 10, 500), [[1, 3], 3])
  assert.deepEqual(await page(3, 10, 500), [[4], 5])
  assert.deepEqual(await page(4, 10, 500), [[], 5])
  assert.deepEqual(await page(5, 10, 500), [[], 5])
})

async function newStore(t: { after(work: () => Promise<void>): void }) {
  const store = await openStore(await freshDatabase(t))
  const engine = createEngine({ store, feeds: [alarmsFeed('alarms', NAME.target)] })
  await engine.start()
  t.after(async () => {
    await engine.stop()
    await store.close()
  })
  const send = (...events: readonly string[]) =>
    engine.submit('alarms', { events: events.map(text => Buffer.from(text)), origin: {} })
  const ids = async () =>
    (await store.query('select id from groundstation.alert order by id')).rows.map(({ id }) => Number(id))
  return { store, send, ids }
}

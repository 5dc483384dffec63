import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import detections from '../../feeds/detections.ts'
import { defineFeed, http, Type, text } from '../../src/index.ts'
import { movePartitions } from '../../src/store/write/partitions.ts'
import { freshDatabase } from '../database.ts'
import { openGround } from './ground.ts'

const orders = defineFeed({
  name: 'orders',
  source: http({ path: '/orders', topic: 'orders' }),
  event: Type.Object({ order: Type.String(), number: Type.Integer({ minimum: 1 }) }),
  identity: { key: 'order', sequence: 'number' },
  gaps: { wait: '1ms' },
  tables: { order_lines: { key: ['o', 'n'], columns: { o: text('order'), n: { type: 'integer', path: 'number' } } } },
  state: {
    path: '/totals',
    key: 'order',
    schema: Type.Object({ count: Type.Integer() }),
    initial: { count: 0 },
    evolve: ({ count }) => ({ count: count + 1 }),
  },
})
const url = await freshDatabase({ after })
const one = await openGround(url, [orders, detections], { sweepMs: 50 })
const two = await openGround(url, [orders, detections])

let topics = 0
/** A partition that nobody has read. */
const place = () => ({ cluster: 'c', topic: 'orders', topicId: `t${topics++}`, partition: 0 })
const nameOf = ({ cluster, topicId, partition }: ReturnType<typeof place>) => `kafka:${cluster}/${topicId}/${partition}`
const event = (order: string, number: number) => Buffer.from(JSON.stringify({ order, number }))

describe('partitions of a topic', () => {
  it('rule 17: offsets may leave some out, whatever lanes the events are in, and what was read is a duplicate', async () => {
    const at = place()
    const { epoch, nextOffset } = await one.engine.takeOver('orders', at, 100)
    assert.equal(nextOffset, 100)
    const keys = Array.from({ length: 20 }, (_, index) => `a${index}`)
    const offsetOf = (index: number) => 100 + index * 3
    const log = { name: nameOf(at), epoch, first: 100, next: 200, offsetOf }
    const send = () => one.engine.submit('orders', { events: keys.map(key => event(key, 1)), origin: {}, log })
    assert.deepEqual(new Set((await send()).map(({ outcome }) => outcome)), new Set(['accepted']))
    assert.deepEqual(new Set((await send()).map(({ outcome }) => outcome)), new Set(['duplicate']))
    assert.equal((await one.engine.log('orders', log.name))?.nextOffset, 200)
  })

  it('rule 17: who lost a partition writes nothing of it', async () => {
    const at = place()
    const first = await one.engine.takeOver('orders', at, 0)
    const second = await two.engine.takeOver('orders', at, 0)
    const log = { name: nameOf(at), first: 0 }
    const send = (engine: typeof one.engine, epoch: number, key: string) =>
      engine.submit('orders', { events: [event(key, 1)], origin: {}, log: { ...log, epoch } })
    await assert.rejects(send(one.engine, first.epoch, 'b1'), { code: 'SOURCE_FENCED' })
    await send(two.engine, second.epoch, 'b2')
    assert.deepEqual(
      await one.engine.caughtUp('orders', [{ ...log, nextOffset: 9, asOfMs: performance.now(), epoch: first.epoch }]),
      [],
    )
    assert.equal((await one.engine.log('orders', log.name))?.nextOffset, 1)
    assert.deepEqual(
      (await one.rows("select o from order_lines where o in ('b1', 'b2')")).map(({ o }) => o),
      ['b2'],
    )
  })

  it('rule 15: a topic’s events without an identity are their offsets, once each', async () => {
    const at = { ...place(), topic: 'seen' }
    const { epoch } = await one.engine.takeOver('detections', at, 0)
    const seen = Buffer.from('{"Year":1,"Make":"a","Model":"b","Category":"c"}')
    const send = (first: number, count: number) =>
      one.engine.submit('detections', {
        events: Array.from({ length: count }, () => seen),
        origin: index => ({ topic: 'seen', partition: 0, offset: first + index }),
        arrivedMs: index => 1_600_000_000_000 + index,
        log: { name: nameOf(at), epoch, first, lane: 0 },
      })
    await send(0, 3)
    await send(1, 4)
    const rows = await one.rows(
      'select "offset", arrived::text from groundstation.record where feed = $1 order by 1',
      'detections',
    )
    assert.deepEqual(
      rows.map(row => row.offset),
      [0, 1, 2, 3, 4],
    )
    assert.match(String(rows[0]?.arrived), /^2020-09-13 12:26:40/)
  })

  it('rule 17: what a source refuses is a dead letter with its place', async () => {
    const at = place()
    const { epoch } = await one.engine.takeOver('orders', at, 0)
    const refusal = { reason: 'size', message: 'is large', pointer: '', key: undefined, sequence: undefined } as const
    const told = await one.engine.submit('orders', {
      events: [event('c', 1), event('c', 2)],
      origin: index => ({ topic: 'orders', partition: 0, offset: index, headers: { trace: 'x' } }),
      refusalOf: index => (index === 0 ? refusal : undefined),
      log: { name: nameOf(at), epoch, first: 0 },
    })
    assert.deepEqual(
      told.map(({ outcome }) => outcome),
      ['rejected', 'held'],
    )
    assert.deepEqual(await one.value("select source from groundstation.dead_letter where reason = 'size'"), {
      topic: 'orders',
      partition: 0,
      offset: 0,
      headers: { trace: 'x' },
    })
  })

  it('rule 6: nothing is released while a partition was not read to its end', async () => {
    const held = async () =>
      Number(await one.value("select count(*) from groundstation.held where feed = 'orders' and key = 'd'"))
    await one.engine.submit('orders', { events: [event('d', 2)], origin: {} })
    await turns(10)
    assert.equal(await held(), 1)
    const known = await one.engine.partitions('orders')
    const logs = known.map(({ place: at, epoch, nextOffset }) => ({
      name: nameOf(at as ReturnType<typeof place>),
      epoch,
      nextOffset,
      asOfMs: performance.now(),
    }))
    await one.engine.caughtUp('orders', logs.slice(1))
    await turns(10)
    assert.equal(await held(), 1)
    for (let turn = 0; turn < 100 && (await held()) > 0; turn++) {
      await one.engine.caughtUp('orders', logs)
      await turns(1)
    }
    assert.equal(await held(), 0)
  })

  it('rule 6: a topic that is read no more is waited for no longer', async () => {
    const held = async () => Number(await one.value("select count(*) from groundstation.held where key = 'e'"))
    const other = { ...place(), topic: 'renamed' }
    const { epoch } = await one.engine.takeOver('orders', other, 0)
    await one.engine.submit('orders', { events: [event('e', 2)], origin: {} })
    for (let turn = 0; turn < 100 && (await held()) > 0; turn++) {
      const log = { name: nameOf(other), epoch, nextOffset: 0, asOfMs: performance.now() }
      await one.engine.caughtUp('orders', [log])
      await turns(1)
    }
    assert.equal(await held(), 0)
  })

  it('rule 17: a partition that is blocked stays so until it is moved', async () => {
    const at = place()
    await one.engine.takeOver('orders', at, 0)
    await one.engine.block('orders', at, 'lost')
    await one.engine.block('orders', at, 'lost again')
    const blocked = async () =>
      (await one.engine.partitions('orders')).find(known => known.place.topicId === at.topicId)?.blocked
    assert.equal(await blocked(), 'lost')
    await one.store.transaction(async client => {
      await movePartitions(
        client,
        Number(await one.value("select id from groundstation.feed where name = 'orders'")),
        [{ place: at, offset: 0 }],
        1,
      )
    })
    assert.equal(await blocked(), undefined)
  })
})

/** So many times the database was asked: longer than a sweep takes. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await one.rows('select pg_sleep(0.02)')
}

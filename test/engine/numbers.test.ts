import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineFeed, http, numberOf, poll, Type, text } from 'groundstation'
import { createEngine } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { replayFeed } from '../../src/replay/replay.ts'
import { openStore } from '../../src/store/store.ts'
import { numbersIn } from '../../src/store/write/numbers.ts'
import { verifyFeed } from '../../src/verify/verify.ts'
import { freshDatabase } from '../database.ts'
import { seedOf } from '../seed.ts'
import { until } from '../until.ts'
import { found, world } from '../verify/world.ts'

const source = poll({ url: 'http://localhost', every: '1h' })
const Id = Type.String({ minLength: 1 })

const orders = defineFeed({
  name: 'orders',
  source,
  event: Type.Object({
    id: Id,
    customer: Type.Optional(Type.Union([Type.Object({ id: Id }), Type.Null()])),
    articles: Type.Array(Id),
    link: Type.Optional(Type.String()),
  }),
  identity: { snapshot: 'id' },
  tables: {
    orders: {
      rows: 'latest',
      columns: {
        id: numberOf('shop.order', 'id'),
        external_id: text('id'),
        id_customer: numberOf('shop.customer', 'customer.id'),
        id_first: { type: 'integer', series: 'shop.article', compute: ({ articles }) => articles[0] },
      },
    },
    links: { rows: 'latest', columns: { id_order: numberOf('shop.order', 'id'), link: text('link') } },
    articles: {
      rows: 'latest',
      each: 'articles',
      key: ['id_order', 'id_article'],
      columns: { id_order: numberOf('shop.order', 'id'), id_article: numberOf('shop.article', 'articles[]') },
    },
  },
})

const customers = defineFeed({
  name: 'customers',
  source,
  event: Type.Object({ id: Id, name: Type.String() }),
  identity: { snapshot: 'id' },
  tables: {
    customers: {
      rows: 'latest',
      columns: { id: numberOf('shop.customer', 'id'), external_id: text('id'), name: text('name') },
    },
  },
})

const ORDERS = `select o.external_id as "order", c.name as customer, (select string_agg(n.key, ',' order by n.key)
  from articles a join groundstation.numbers n on n.series = 'shop.article' and n.number = a.id_article where a.id_order = o.id) as articles
  from orders o left join customers c on c.id = o.id_customer order by 1`

describe('numbers of natural keys', () => {
  it('are the same wherever a key is mentioned, whatever comes first', async t => {
    const url = await freshDatabase(t)
    const store = await openStore(url)
    const feeds = [orders, customers].map(({ declaration }) => compileFeed(declaration))
    const engine = createEngine({ store, feeds })
    await engine.start()
    t.after(async () => {
      await engine.stop()
      await store.close()
    })
    const post = (feed: string, ...events: object[]) =>
      engine.submit(feed, { events: events.map(event => Buffer.from(JSON.stringify(event))), origin: {} })
    await post('orders', { id: 'o2', customer: { id: 'c9' }, articles: ['x', 'y', 'x'] }, { id: 'o1', articles: [] })
    await post('customers', { id: 'c8', name: 'Ada' }, { id: 'c9', name: 'Bob' })
    await post(
      'orders',
      { id: 'o1', customer: { id: 'c8' }, articles: ['y'] },
      { id: 'o3', customer: null, articles: [] },
    )
    await post('customers', { id: 'c9', name: 'Bo' })
    const { rows } = await store.query(ORDERS, [])
    assert.deepEqual(rows, [
      { order: 'o1', customer: 'Ada', articles: 'y' },
      { order: 'o2', customer: 'Bo', articles: 'x,y' },
      { order: 'o3', customer: null, articles: null },
    ])
    const numbers = await store.query('select series, key, number from groundstation.numbers order by 1, 3', [])
    assert.deepEqual(
      numbers.rows.map(({ series, key, number }) => `${series} ${key} ${number}`),
      [
        'shop.article x 1',
        'shop.article y 2',
        'shop.customer c9 1',
        'shop.customer c8 2',
        'shop.order o2 1',
        'shop.order o1 2',
        'shop.order o3 3',
      ],
    )
    for (const feed of feeds) assert.deepEqual(found(await verifyFeed({ store, feed, limit: 20 })), [])
  })

  it('are given once and without gaps, by two processes at a time', async t => {
    const seed = seedOf(t, import.meta.filename)
    const url = await freshDatabase(t)
    const feed = compileFeed(orders.declaration)
    const stores = await Promise.all([openStore(url), openStore(url)])
    const engines = stores.map(store => createEngine({ store, feeds: [feed] }))
    for (const engine of engines) await engine.start()
    t.after(async () => {
      for (const engine of engines) await engine.stop()
      for (const store of stores) await store.close()
    })
    let state = seed
    const below = (limit: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return (state >>> 8) % limit
    }
    const event = () => ({
      id: `o${below(300)}`,
      customer: { id: `c${below(200)}` },
      articles: [`a${below(400)}`, `b${below(400)}`],
    })
    const work = Array.from({ length: 60 }, () => Array.from({ length: 1 + below(20) }, event))
    await Promise.all(
      work.map((events, index) =>
        engines[index % 2]?.submit('orders', {
          events: events.map(one => Buffer.from(JSON.stringify(one))),
          origin: {},
        }),
      ),
    )
    const mentioned = {
      'shop.order': new Set<string>(),
      'shop.customer': new Set<string>(),
      'shop.article': new Set<string>(),
    }
    for (const { id, customer, articles } of work.flat()) {
      mentioned['shop.order'].add(id)
      mentioned['shop.customer'].add(customer.id)
      for (const article of articles) mentioned['shop.article'].add(article)
    }
    const [store] = stores
    assert.ok(store)
    for (const [series, keys] of Object.entries(mentioned)) {
      const { rows } = await store.query('select key, number from groundstation.numbers where series = $1 order by 2', [
        series,
      ])
      assert.deepEqual(rows.map(({ key }) => key).sort(), [...keys].sort())
      assert.deepEqual(
        rows.map(({ number }) => number),
        [...keys].map((_, index) => index + 1),
      )
    }
    assert.deepEqual(found(await verifyFeed({ store, feed, limit: 20 })), [])
  })

  it('wait for who gives numbers of the same series, and go on behind', async t => {
    const store = await openStore(await freshDatabase(t))
    t.after(() => store.close())
    await store.withClient(client => numbersIn(client, 'shop.order', ['a']))
    const first = Promise.withResolvers<void>()
    const given = Promise.withResolvers<void>()
    const one = store.withClient(async client => {
      await client.query('begin')
      const numbers = await numbersIn(client, 'shop.order', ['a', 'b'])
      given.resolve()
      await first.promise
      await client.query('commit')
      return numbers
    })
    await given.promise
    const behind = (keys: string[]) =>
      store.withClient(async client => {
        await client.query('begin')
        const numbers = await numbersIn(client, 'shop.order', keys)
        await client.query('commit')
        return [...numbers.values()]
      })
    const others = Promise.all([behind(['b', 'c']), behind(['c', 'd'])])
    await until('it waits for the lock', async () => {
      const { rows } = await store.query(
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
        [],
      )
      return rows.length === 2
    })
    first.resolve()
    assert.deepEqual(
      [...(await one)],
      [
        ['a', 1],
        ['b', 2],
      ],
    )
    for (const numbers of await others) assert.equal(new Set(numbers).size, 2)
    const { rows } = await store.query('select key, number from groundstation.numbers order by number', [])
    assert.deepEqual(rows.map(({ key, number }) => [key, number]).slice(0, 2), [
      ['a', 1],
      ['b', 2],
    ])
    assert.deepEqual(rows.map(({ key }) => key).sort(), ['a', 'b', 'c', 'd'])
    assert.deepEqual(
      rows.map(({ number }) => number),
      [1, 2, 3, 4],
    )
  })

  it('stay when rows are built again, also where they stand for the key', async t => {
    const { post, sql, verify, store, feed } = await world(t, orders)
    await post({ id: 'a', articles: ['x'], link: 'l1' }, { id: 'b', articles: ['y', 'x'], link: 'l2' })
    await post({ id: 'a', articles: ['y'], link: 'l3' })
    const all = async () => [
      await sql('select * from orders order by id'),
      await sql('select * from links order by 1'),
      await sql('select * from articles order by 1, 2'),
    ]
    const before = await all()
    assert.deepEqual(before[1], [
      { id_order: 1, link: 'l3' },
      { id_order: 2, link: 'l2' },
    ])
    await sql(
      "delete from articles; update links set link = 'x'; insert into links values (77, 'nobody'); update orders set id_customer = 4",
    )
    assert.ok(found(await verify()).length > 3)
    await replayFeed({ store, feed, key: 'a' })
    assert.deepEqual((await sql('select link from links where id_order = 1'))[0], { link: 'l3' })
    assert.deepEqual((await sql('select link from links where id_order = 2'))[0], { link: 'x' })
    await replayFeed({ store, feed })
    assert.deepEqual(await all(), before)
    assert.deepEqual(found(await verify()), [])
  })

  it('are held against the record by verify', async t => {
    const { post, sql, verify } = await world(t, orders)
    await post({ id: 'a', articles: ['x', 'y'] }, { id: 'b', articles: ['x'] })
    const damage = async (damaged: string, repaired: string) => {
      await sql(damaged)
      const told = found(await verify())
      await sql(repaired)
      return told
    }
    assert.deepEqual(found(await verify()), [])
    const other = (number: number) => `update groundstation.number set number = ${number} where key = 'x'`
    assert.deepEqual(await damage(other(7), other(1)), ['numbers changed', 'numbers changed'])
    const lost = "delete from groundstation.number where key = 'y'"
    const back = "insert into groundstation.number values ('shop.article', 'y', 2)"
    assert.deepEqual(await damage(lost, back), ['numbers removed'])
    const last = (number: number) =>
      `update groundstation.number_series set last = ${number} where series = 'shop.article'`
    assert.deepEqual(await damage(last(1), last(2)), ['numbers changed'])
    assert.deepEqual(found(await verify()), [])
  })

  it('are one for a UUID in capitals and in small letters', async t => {
    const devices = defineFeed({
      name: 'devices',
      source: http({ path: '/devices' }),
      event: Type.Object({ id: Type.String({ format: 'uuid' }), at: Type.Integer({ minimum: 1 }) }),
      identity: { key: 'id', sequence: 'at' },
      tables: { devices: { rows: 'latest', columns: { id: numberOf('device', 'id') } } },
    })
    const { post, sql, verify } = await world(t, devices)
    const id = '193270a9-c9cf-404a-8f83-838e71d9ae67'
    await post({ id, at: 1 })
    await post({ id: id.toUpperCase(), at: 2 })
    assert.deepEqual(await sql('select * from devices'), [{ id: 1 }])
    assert.deepEqual(found(await verify()), [])
  })

  it('are refused for what is no key', async t => {
    const { post, sql } = await world(t, orders)
    const outcomes = await post({ id: 'a', articles: ['x', 'y'.repeat(513)] }, { id: 'b', articles: ['y'.repeat(513)] })
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ['rejected', 'rejected'],
    )
    const letters = await sql('select pointer from groundstation.dead_letters order by 1')
    assert.deepEqual(letters, [{ pointer: '' }, { pointer: '/articles/1' }])
    assert.deepEqual(await sql('select * from groundstation.numbers'), [])
  })
})

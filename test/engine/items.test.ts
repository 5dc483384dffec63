import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bigint, defineFeed, http, integer, json, ordinal, poll, serial, Type, text, uuid7 } from 'groundstation'
import { foldFeed } from 'groundstation/testing'
import { seedOf } from '../seed.ts'
import { found, world } from '../verify/world.ts'

const Line = Type.Object({ article: Type.String(), count: Type.Optional(Type.Number()) })
const Order = Type.Object({
  id: Type.String({ minLength: 1 }),
  tags: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
  cart: Type.Object({ lines: Type.Array(Line) }),
})

const PLACE = { order_id: text('id'), article: text('cart.lines[].article'), count: integer('cart.lines[].count') }
const tables = {
  lines: { rows: 'latest', each: 'cart.lines', key: ['order_id', 'article'], columns: { ...PLACE, at: ordinal() } },
  tags: {
    rows: 'latest',
    each: 'tags',
    columns: { at: ordinal(), tag: text('tags[]'), order_id: text('id'), number: serial() },
  },
  every: { each: 'cart.lines', columns: { id: serial(), uid: uuid7(), ...PLACE, line: json('cart.lines[]') } },
  orders: { rows: 'latest', columns: { order_id: text('id') } },
} as const

const orders = defineFeed({
  name: 'orders',
  source: poll({ url: 'http://localhost', every: '1h' }),
  event: Order,
  identity: { snapshot: 'id' },
  tables,
})

const numbered = defineFeed({
  name: 'numbered',
  source: http({ path: '/numbered' }),
  event: Type.Object({ ...Order.properties, number: Type.Integer({ minimum: 1 }) }),
  identity: { key: 'id', sequence: 'number' },
  gaps: { wait: '30s', maxHeld: 1 },
  tables: { ...tables, last: { rows: 'latest', columns: { order_id: text('id'), number: bigint('number') } } },
})

type Given = { readonly article: string; readonly count?: number }
const order = (id: string, lines: readonly (Given | string)[], tags?: readonly string[] | null) => ({
  id,
  ...(tags !== undefined && { tags }),
  cart: { lines: lines.map(line => (typeof line === 'string' ? { article: line } : line)) },
})

const LINES = "select string_agg(order_id || article || at, ' ' order by order_id, at) as all from lines"

describe('tables of a row an item', () => {
  it('have the rows of a key’s newest event, none where it has none', async t => {
    const { post, sql, verify } = await world(t, orders)
    const lines = async () => (await sql(LINES))[0]?.all
    await post(order('a', ['x', 'y', 'z'], ['red', 'red']), order('b', ['x']))
    assert.equal(await lines(), 'ax1 ay2 az3 bx1')
    await post(order('a', ['z', 'x']))
    assert.equal(await lines(), 'az1 ax2 bx1')
    assert.deepEqual(await sql('select * from tags'), [])
    await post(order('a', [], null), order('b', ['y'], ['blue']), order('b', ['y', 'x'], ['blue', 'green']))
    assert.equal(await lines(), 'by1 bx2')
    assert.deepEqual(await sql('select order_id, tag from tags order by at'), [
      { order_id: 'b', tag: 'blue' },
      { order_id: 'b', tag: 'green' },
    ])
    assert.deepEqual((await sql('select order_id from orders order by 1')).length, 2)
    assert.deepEqual(
      (await sql('select count(*) as n, count(distinct id) as ids, count(distinct uid) as uids from every'))[0],
      {
        n: 9,
        ids: 9,
        uids: 9,
      },
    )
    assert.deepEqual(found(await verify()), [])
  })

  it('leave out an item whose key another has before it, and refuse one that its column can’t hold', async t => {
    const { post, sql, verify } = await world(t, orders)
    await post(order('a', [{ article: 'x', count: 1 }, 'y', { article: 'x', count: 2 }]))
    assert.deepEqual(await sql('select article, count, at from lines order by at'), [
      { article: 'x', count: 1, at: 1 },
      { article: 'y', count: null, at: 2 },
    ])
    assert.equal((await sql('select * from every')).length, 3)
    const [outcome] = await post(order('b', ['x', { article: 'y', count: 1.5 }]))
    assert.equal(outcome?.outcome, 'rejected')
    const [letter] = await sql('select pointer, reason from groundstation.dead_letters')
    assert.deepEqual(letter, { pointer: '/cart/lines/1/count', reason: 'column' })
    assert.deepEqual(found(await verify()), [])
  })

  it('are healed by what comes late, which isn’t the newest', async t => {
    const { post, sql, verify } = await world(t, numbered)
    const at = (number: number, lines: string[]) => ({ ...order('a', lines, lines), number })
    // Two are held where one may be: the hole is released.
    await post(at(1, ['x']), at(3, ['s']), at(4, ['z', 'y']))
    assert.equal((await sql(LINES))[0]?.all, 'az1 ay2')
    await post(at(2, ['w', 'v', 'u']))
    assert.equal((await sql(LINES))[0]?.all, 'az1 ay2')
    assert.equal((await sql('select * from every')).length, 7)
    assert.deepEqual(found(await verify()), [])
  })

  it('are never seen between two versions', async t => {
    const { post, store } = await world(t, orders)
    await post(order('a', ['0', 'x'], ['t']))
    let isDone = false
    const posting = (async () => {
      for (let version = 1; version <= 60; version++) await post(order('a', [String(version), 'x'], ['t', 't']))
      isDone = true
    })()
    const seen = new Set<string>()
    while (!isDone) {
      const { rows } = await store.query("select string_agg(article, ',' order by at) as lines from lines", [])
      seen.add(String(rows[0]?.lines))
    }
    await posting
    assert.ok(
      [...seen].every(lines => /^\d+,x$/.test(lines)),
      [...seen].join(' '),
    )
    assert.ok(seen.size > 1)
  })

  for (const [name, damage] of [
    ['changed', "update lines set count = 7; update tags set tag = 'x'; update every set article = 'q'"],
    ['removed', 'delete from lines; delete from tags; delete from every'],
    ['doubled', 'insert into tags select * from tags; insert into every select * from every'],
    ['added', "insert into lines values ('a', 'more', 1, 9), ('nobody', 'x', 1, 1)"],
  ] as const)
    it(`that were ${name} are found by verify and mended by replay`, async t => {
      const one = await world(t, orders)
      await one.post(order('a', ['x', 'y'], ['t', 'u']), order('b', ['x']), order('a', ['y', 'z'], ['t', 'u']))
      const all = async () => [
        await one.sql('select * from lines order by 1, 2'),
        await one.sql('select * from tags order by 1, 2'),
        await one.sql('select * from every order by id'),
      ]
      const before = await all()
      await one.sql(damage)
      assert.ok(found(await one.verify()).length > 0)
      await one.replay()
      assert.deepEqual(await all(), before)
      assert.deepEqual(found(await one.verify()), [])
    })

  it('hold what the newest events say, whatever came in which batch', async t => {
    const seed = seedOf(t, import.meta.filename)
    let state = seed
    const below = (limit: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return (state >>> 8) % limit
    }
    const some = () => Array.from({ length: below(4) }, () => 'pqrs'.charAt(below(4)))
    const given = Array.from({ length: 600 }, () => order(`k${below(9)}`, some(), below(3) === 0 ? undefined : some()))
    const { post, sql, verify } = await world(t, orders)
    for (let from = 0; from < given.length; ) {
      const size = below(3) === 0 ? 1 + below(300) : 1 + below(3)
      await post(...given.slice(from, from + size))
      from += size
    }
    const newest = [...new Map(given.map(one => [one.id, one])).values()]
    const lines = newest.flatMap(({ id, cart }) => [...new Set(cart.lines.map(({ article }) => `${id} ${article}`))])
    const tags = newest.flatMap(({ id, tags: list }) => (list ?? []).map((tag, at) => `${id} ${at + 1} ${tag}`))
    const rows = async (text: string) => (await sql(text)).map(({ row }) => String(row))
    assert.deepEqual(await rows(`select order_id || ' ' || article as row from lines order by 1`), lines.sort())
    assert.deepEqual(await rows(`select order_id || ' ' || at || ' ' || tag as row from tags order by 1`), tags.sort())
    assert.deepEqual(found(await verify()), [])
  })

  it('are shown to a feed’s own test', () => {
    const { rows } = foldFeed(orders, [order('a', ['x', 'y', 'x']), order('a', ['y'], ['t', 't'])])
    assert.deepEqual(rows.lines, [{ order_id: 'a', article: 'y', count: null, at: 1 }])
    assert.deepEqual(rows.tags, [
      { at: 1, tag: 't', order_id: 'a' },
      { at: 2, tag: 't', order_id: 'a' },
    ])
    assert.equal(rows.every?.length, 4)
  })
})

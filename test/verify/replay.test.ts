import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, it, type TestContext } from 'node:test'
import { compileFeed } from '../../src/feed/compile.ts'
import { bug, hooks, objects, orders, readings, sum, sums, version, versions } from './feeds.ts'
import { found, type World, world, worldAt } from './world.ts'

afterEach(() => {
  bug.factor = 1
  bug.throwsAt = -1
})

async function filled(t: TestContext): Promise<World> {
  const one = await world(t, sums())
  await one.post(sum('a', 1), sum('a', 2, 5), sum('a', 3), sum('b', 1), sum('b', 2), sum('b', 4), sum('c', 3))
  await one.post(...[3, 4, 5, 6, 7, 8].map(number => sum('d', number)), sum('d', 1))
  return one
}

const NONE = { keysChanged: 0, keysRestored: 0, keysRemoved: 0 }
const changes = async (one: World, options = {}) => {
  const { keysChanged, keysRestored, keysRemoved, tables } = await one.replay(options)
  return { keysChanged, keysRestored, keysRemoved, rows: tables.filter(table => table.inserted + table.deleted > 0) }
}

describe('replay', () => {
  it('touches nothing that is right', async t => {
    const one = await filled(t)
    const xmins = () =>
      one.sql('select xmin::text from groundstation.key union all select xmin::text from sums order by 1')
    const before = await xmins()
    assert.deepEqual(await changes(one), { ...NONE, rows: [] })
    assert.deepEqual(await xmins(), before)
  })

  const damages: readonly (readonly [name: string, sql: string])[] = [
    ['changed rows', "update sums set note = 'other', half = 0"],
    ['added rows', 'insert into loose select generate_series(1, 5)'],
    ['removed rows', 'delete from sums'],
    ['removed copies', 'delete from loose'],
    ['doubled rows', 'insert into loose select * from loose'],
    ['changed latest rows', 'update newest set number = 77, first = now()'],
    ['removed latest rows', 'delete from newest'],
    ['a latest row of nobody', "insert into newest values ('zz', 1, now())"],
    ['a dropped table', 'drop table loose'],
    ['changed states', `update groundstation.key set state = '{"sum":0,"seen":[]}', time = null`],
    ['changed cursors', 'update groundstation.key set frontier = 1, events = 0, spans = null, waiting_since = null'],
    ['a lost key', "delete from groundstation.key where key in ('a', 'c')"],
    [
      'an added key',
      "insert into groundstation.key select id - id % 8 + 8000 + lane, 0, 0, null, generation, feed, lane, 'zz', null, null, null, null from groundstation.key where key = 'a'",
    ],
  ]
  for (const [name, sql] of damages)
    it(`repairs ${name}`, async t => {
      const one = await filled(t)
      await one.sql(sql)
      assert.ok((await one.verify()).differenceCount > 0)
      const dry = await changes(one, { dry: true })
      assert.ok((await one.verify()).differenceCount > 0, 'a dry run changes nothing')
      const real = await changes(one)
      if (!/lost|nobody|dropped/.test(name)) assert.deepEqual(dry, real)
      assert.deepEqual(found(await one.verify()), [])
      assert.deepEqual(await changes(one), { ...NONE, rows: [] })
      // What the process remembers of the keys is what was repaired.
      await one.post(sum('a', 4), sum('b', 3), sum('c', 1), sum('c', 2), sum('d', 2), sum('e', 1))
      assert.deepEqual(found(await one.verify()), [])
    })

  it('drops what the serving process remembers', async t => {
    const one = await world(t, sums())
    bug.factor = 2
    await one.post(sum('a', 1))
    bug.factor = 1
    const other = await worldAt(t, one.url, one.feed)
    assert.equal((await other.replay()).keysChanged, 1)
    await one.post(sum('a', 2))
    assert.deepEqual(found(await one.verify()), [])
  })

  it('folds again what an older declaration folded, and closes letters that no longer hold', async t => {
    const one = await filled(t)
    bug.throwsAt = 2
    await one.post(sum('f', 1), sum('f', 2))
    bug.throwsAt = -1
    const next = await worldAt(t, one.url, compileFeed(sums(2).declaration))
    assert.equal((await next.verify()).differenceCount, 5)
    assert.equal((await next.replay()).keysChanged, 5)
    assert.deepEqual(found(await next.verify()), [])
    const [letter] = await one.sql("select status from groundstation.dead_letter where reason = 'fold'")
    assert.equal(letter?.status, 'replayed')
    await assert.rejects(one.post(sum('a', 9)), { code: 'DECLARATION_OLDER' })
  })

  it('takes one key, from a number, only tables or only states', async t => {
    const one = await filled(t)
    await one.sql("update groundstation.key set time = null where key in ('a', 'b')")
    await one.sql("update sums set note = 'x' where key in ('a', 'b')")
    const a = await one.replay({ key: 'a', only: 'state', from: 2 })
    assert.deepEqual([a.keys, a.keysChanged, a.tables], [1, 1, []])
    assert.deepEqual(
      (await one.verify(1)).differences.map(({ key }) => key),
      ['b'],
    )
    const tables = await one.replay({ key: 'a', only: 'tables' })
    assert.deepEqual(
      tables.tables.find(({ table }) => table === 'public.sums'),
      { table: 'public.sums', inserted: 3, deleted: 3 },
    )
    assert.deepEqual(tables.tablesSkipped, ['public.loose'])
    assert.equal((await one.verify()).differenceCount, 3)
    await one.replay()
    assert.equal((await one.verify()).differenceCount, 0)
    await assert.rejects(one.replay({ key: 'nobody' }), { code: 'NOT_FOUND' })
  })

  it('keeps right while the feed is served', async t => {
    const one = await world(t, sums())
    await one.post(...Array.from({ length: 50 }, (_, index) => sum(`k${index}`, 1)))
    let isDone = false
    const writing = (async () => {
      for (let number = 2; !isDone; number++) {
        const events = Array.from({ length: 50 }, (_, index) => sum(`k${index}`, number))
        await Promise.all([one.post(...events), one.post(...events.toReversed())])
      }
    })()
    const other = await worldAt(t, one.url, one.feed)
    for (let round = 0; round < 5; round++) {
      await one.sql('update sums set half = 0 where number = 1')
      await one.sql(`update groundstation.key set state = '{"sum":0,"seen":[]}' where key = 'k7'`)
      await one.sql("delete from newest where key = 'k8'")
      await Promise.all([other.replay(), one.replay()])
    }
    isDone = true
    await writing
    await one.replay()
    assert.deepEqual(found(await one.verify()), [])
  })

  it('rebuilds feeds without keys', async t => {
    const one = await world(t, readings)
    await one.post(...Array.from({ length: 20 }, (_, index) => ({ value: index % 3, text: 'same' })))
    await one.sql('delete from readings where value = 1')
    await one.sql('insert into readings select * from readings where value = 2')
    await one.replay()
    assert.deepEqual(found(await one.verify()), [])
    const two = await world(t, orders)
    await two.post({ id: '1', total: 3 }, { id: '2', total: 4 })
    await two.sql('update orders set total = 9')
    await two.replay()
    assert.deepEqual(found(await two.verify()), [])
  })

  it('rebuilds versions', async t => {
    const one = await world(t, versions)
    await one.post({ id: 'x', value: 1 }, { id: 'y', value: 1 })
    await one.post({ id: 'x', value: 2 })
    await one.post({ id: 'x', value: 1 }, { id: 'y', value: 1 })
    assert.deepEqual(found(await one.verify()), [])
    await one.sql("update versions set first = now() + interval '1 day', raw = '{}'")
    await one.sql("update groundstation.key set digest = null, frontier = 9 where key = 'x'")
    assert.equal((await one.verify()).differenceCount, 4)
    await one.replay()
    assert.deepEqual(found(await one.verify()), [])
    assert.deepEqual(await one.post({ id: 'x', value: 1 }), [{ outcome: 'duplicate' }])
  })

  it('rebuilds versions that have an order of their own', async t => {
    const one = await world(t, objects)
    const latest = async () =>
      (await one.sql("select object, raw ->> 'id' as id from objects order by object")).map(
        ({ object, id }) => `${object} ${id}`,
      )
    await one.post(
      version('x', 'x3', 30),
      version('x', 'x1', 10),
      version('x', 'x2', 20, '+05:30'),
      version('y', 'y2', 50),
    )
    await one.post(version('y', 'y1', 50, '+05:30'), version('y', 'y0', 5))
    const wanted = ['x x3', 'y y2']
    assert.deepEqual([await latest(), found(await one.verify())], [wanted, []])
    const damages = [
      [
        "update objects set raw = '{}', first = now() + interval '1 day' where object = 'x'",
        'table:public.objects changed',
      ],
      ["delete from objects where object = 'y'", 'table:public.objects removed'],
      ["update groundstation.key set rank = null where key = 'x'", 'cursor changed'],
      ["update groundstation.key set frontier = 9, events = 1 where key = 'y'", 'cursor changed'],
      ["delete from groundstation.key where key = 'x'", 'key removed 1'],
      ["delete from object_versions where id = 'x1'", 'table:public.object_versions removed'],
    ] as const
    for (const [sql, expected] of damages) {
      await one.sql(sql)
      assert.equal(found(await one.verify())[0], expected)
      await one.replay()
      assert.deepEqual([await latest(), found(await one.verify())], [wanted, []], sql)
      assert.deepEqual(await changes(one), { ...NONE, rows: [] })
    }
    // What is remembered is what was repaired: what comes late stays below.
    const told = await one.post(
      version('x', 'x0', 0),
      version('x', 'x3', 30),
      version('x', 'x3', 31),
      version('y', 'y3', 51),
    )
    assert.deepEqual(
      told.map(({ outcome }) => outcome),
      ['accepted', 'duplicate', 'conflict', 'accepted'],
    )
    assert.deepEqual([await latest(), found(await one.verify())], [['x x3', 'y y3'], []])
  })

  it('rebuilds what only headers said', async t => {
    const one = await world(t, hooks)
    const post = (id: string, order: number, headers?: Record<string, string>) =>
      one.engine.submit('hooks', {
        events: [Buffer.from(JSON.stringify({ id, object: 'o', order }))],
        origin: {},
        ...(headers === undefined ? {} : { headers }),
      })
    await post('a', 2, { 'x-kind': 'second', 'x-other': '1' })
    await post('b', 1, { 'x-kind': 'first' })
    await post('c', 0)
    const rows = async () => [
      await one.sql('select id, kind from hooks'),
      await one.sql('select id, kind, other from all_hooks order by id'),
    ]
    const wanted = [
      [{ id: 'a', kind: 'second' }],
      [
        { id: 'a', kind: 'second', other: '1' },
        { id: 'b', kind: 'first', other: null },
        { id: 'c', kind: null, other: null },
      ],
    ]
    assert.deepEqual([await rows(), found(await one.verify())], [wanted, []])
    await one.sql("update hooks set kind = 'x'")
    await one.sql("update all_hooks set kind = 'x', other = 'x'")
    assert.equal((await one.verify()).differenceCount, 4)
    await one.replay()
    assert.deepEqual([await rows(), found(await one.verify())], [wanted, []])
  })

  it('folds keys with many events through their snapshots', async t => {
    const one = await world(t, sums())
    await one.post(...Array.from({ length: 2_500 }, (_, index) => sum('a', index + 1, 1)))
    assert.deepEqual(found(await one.verify()), [])
    await one.sql(`update groundstation.snapshot set state = '{"sum":7,"seen":[]}' where sequence = 2000`)
    assert.deepEqual(found(await one.verify()), ['snapshot changed 2000'])
    assert.equal((await one.replay()).keysChanged, 1)
    assert.deepEqual(found(await one.verify()), [])
  })

  it('a heal leaves what a replay would make', async t => {
    const one = await world(t, sums())
    const refused = { ...sum('a', 2), add: 'x' }
    await one.post(sum('a', 1), refused)
    const [letter] = await one.sql('select id from groundstation.dead_letter')
    await one.engine.dismiss('sums', Number(letter?.id))
    assert.deepEqual(await one.post(sum('a', 2)), [{ outcome: 'accepted' }])
    assert.deepEqual(found(await one.verify()), [])
    const [newest] = await one.sql('select number from newest')
    assert.equal(newest?.number, 2)
    assert.deepEqual(await changes(one), { ...NONE, rows: [] })
  })

  for (const step of ['keys', 'tables'])
    it(`leaves each key old or new where it is killed among its ${step}, and completes when it is run again`, async t => {
      const one = await world(t, sums())
      const keys = Array.from({ length: 400 }, (_, index) => `k${index}`)
      await one.post(...keys.flatMap(key => [sum(key, 1), sum(key, 2), sum(key, 3)]))
      await one.sql(`update groundstation.key set state = '{"sum":0,"seen":[]}'`)
      await one.sql('update sums set half = 0')
      const child = spawn(process.execPath, [join(import.meta.dirname, 'replaying.ts'), one.url])
      const ended = once(child, 'exit')
      child.stdout.on('data', (said: Buffer) => {
        if (said.includes(step)) child.kill('SIGKILL')
      })
      await ended
      const states = await one.sql("select distinct (state ->> 'sum')::int as sum from groundstation.key order by 1")
      for (const { sum: found } of states) assert.ok(found === 0 || found === 6)
      await one.replay()
      assert.deepEqual(found(await one.verify()), [])
      await one.post(...keys.map(key => sum(key, 4)))
      assert.deepEqual(found(await one.verify()), [])
    })
})

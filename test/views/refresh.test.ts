import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { View } from '../../src/feed/view.ts'
import { openStore } from '../../src/store/store.ts'
import { refreshNext } from '../../src/store/views/refresh.ts'
import { freshDatabase } from '../database.ts'
import { type Ground, openGround } from '../engine/ground.ts'
import { until } from '../until.ts'
import { BY_THING, sale, salesFeed } from './feed.ts'

const OFTEN: View = { ...BY_THING, refresh: '1h' }
const SLOWLY: View = { ...OFTEN, sql: `${BY_THING.sql} having (select true from pg_sleep(0.1))` }
/** Asked for by the tests themselves, unless told otherwise. */
const NEVER = 3_600_000

type Opened = { readonly ground: Ground; readonly log: string[]; readonly url: string }

async function open(
  view: View,
  { url, refreshTurnMs = NEVER }: { url?: string; refreshTurnMs?: number } = {},
): Promise<Opened> {
  const log: string[] = []
  const at = url ?? (await freshDatabase({ after }))
  const options = { refreshTurnMs, log: (_: string, message: string) => log.push(message) }
  return { url: at, log, ground: await openGround(at, [salesFeed({ sums: view })], options) }
}

const none = new AbortController().signal
const next = ({ store }: Ground) => refreshNext(store, { feeds: ['sales'], signal: none, pids: new Set() })
const makeDue = ({ rows }: Ground) => rows("update groundstation.view set tried_at = now() - interval '1 day'")
const sums = ({ rows }: Ground) => rows('select thing, total::int from sums order by thing')
const state = async ({ rows }: Ground) => (await rows('select * from groundstation.views'))[0]
const filled = (ground: Ground) =>
  until('it is filled', async () => ((await state(ground))?.refreshed_at as string | null) ?? undefined)

describe('a refreshed view', () => {
  it('is filled when its feed starts, is as it was until it is due, and says of when it is', async () => {
    const { ground } = await open(OFTEN)
    const first = await filled(ground)
    assert.deepEqual(await sums(ground), [])
    await ground.send('sales', sale('a', 1), sale('b', 2), sale('a', 3))
    assert.equal(await next(ground), undefined)
    assert.deepEqual(await sums(ground), [])
    await makeDue(ground)
    assert.deepEqual(await next(ground), { schema: 'public', name: 'sums', problem: undefined })
    assert.deepEqual(await sums(ground), [
      { thing: 'a', total: 4 },
      { thing: 'b', total: 2 },
    ])
    assert.ok(String((await state(ground))?.refreshed_at) > first)
  })

  it('is refreshed by one of all processes, time after time', async () => {
    const { ground, url } = await open(SLOWLY)
    await filled(ground)
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(url, { connectionsMax: 1 })))
    const turns = () =>
      Promise.all(stores.map(store => refreshNext(store, { feeds: ['sales'], signal: none, pids: new Set() })))
    for (let round = 0; round < 3; round++) {
      await makeDue(ground)
      const done = (await turns()).filter(one => one !== undefined)
      assert.deepEqual(done, [{ schema: 'public', name: 'sums', problem: undefined }])
    }
    assert.deepEqual(
      (await turns()).filter(one => one !== undefined),
      [],
    )
    await Promise.all(stores.map(store => store.close()))
  })

  it('is never empty and never half filled for whoever reads, also while its declaration changes', async () => {
    const { ground, url } = await open(SLOWLY)
    const add = (count: number) =>
      ground.send('sales', ...Array.from({ length: count }, () => [sale('a', 1), sale('b', 1)]).flat())
    await filled(ground)
    await add(1)
    await makeDue(ground)
    await next(ground)
    let isOver = false
    const seen: string[] = []
    const reading = (async () => {
      while (!isOver) seen.push(JSON.stringify(await sums(ground)))
    })()
    for (let round = 0; round < 3; round++) {
      await add(100)
      await makeDue(ground)
      await next(ground)
    }
    await add(100)
    await open({ ...SLOWLY, sql: SLOWLY.sql.replace('count(*)', 'count(*) + 1') }, { url })
    await open({ ...SLOWLY, sql: SLOWLY.sql.replace('sum(price)', '2 * sum(price)') }, { url })
    isOver = true
    await reading
    const totals = [1, 101, 201, 301, 401, 802]
    const allowed = totals.map(total =>
      JSON.stringify([
        { thing: 'a', total },
        { thing: 'b', total },
      ]),
    )
    assert.deepEqual(
      [...new Set(seen)],
      allowed.filter(one => seen.includes(one)),
    )
    assert.equal(seen.at(-1), allowed.at(-1))
    assert.ok(seen.length > 20, `${seen.length} looks`)
  })

  it('that fails keeps its rows, says why without a value, and goes on once it can', async () => {
    const view = {
      ...OFTEN,
      sql: 'select thing, count(*) as sold, sum(100 / price) as total, min(thing::int) from sales group by thing',
    }
    const { ground, log, url } = await open(view, { refreshTurnMs: 10 })
    await filled(ground)
    await ground.send('sales', sale('4711', 1))
    await makeDue(ground)
    await until('there is a row', async () => (await sums(ground)).length === 1)
    await ground.send('sales', sale('a secret', 1))
    const wait = (problem: RegExp) =>
      until(`${problem}`, async () => problem.test(String((await state(ground))?.problem)))
    await makeDue(ground)
    await wait(/^PostgreSQL refused a value \(SQLSTATE 22P02\)$/)
    assert.equal((await sums(ground)).length, 1)
    await makeDue(ground)
    await until(
      'it was tried again',
      async () => (await ground.value("select tried_at > now() - interval '1 hour' from groundstation.view")) === true,
    )
    assert.equal(log.filter(line => line.includes("the view sums wasn't refreshed")).length, 1, log.join('\n'))
    assert.doesNotMatch(log.join('\n'), /secret/)
    await ground.rows("delete from sales where thing = 'a secret'")
    await makeDue(ground)
    await wait(/^null$/)
    assert.equal((await open(view, { url })).log.length, 0)
  })

  it('keeps its rows when the connection dies that refreshes it, and is refreshed by another', async () => {
    const { ground, url } = await open(SLOWLY)
    await filled(ground)
    await ground.send('sales', sale('a', 1))
    await makeDue(ground)
    await next(ground)
    await ground.send('sales', sale('a', 1))
    await makeDue(ground)
    const store = await openStore(url, { connectionsMax: 1 })
    const pids = new Set<number>()
    const dying = refreshNext(store, { feeds: ['sales'], signal: none, pids })
    const working =
      "select count(*) from pg_stat_activity where query ~ 'refresh materialized' and pid = any($1::int[])"
    await until('it is at work', async () => Number(await ground.value(working, [...pids])) === 1)
    assert.equal(await next(ground), undefined)
    await ground.rows('select pg_terminate_backend($1)', [...pids][0])
    assert.match((await dying)?.problem ?? '', /terminat/)
    assert.deepEqual(await sums(ground), [{ thing: 'a', total: 1 }])
    await makeDue(ground)
    assert.equal((await next(ground))?.problem, undefined)
    assert.deepEqual(await sums(ground), [{ thing: 'a', total: 2 }])
    await store.close()
  })

  it('that takes long rests as long, and a clock that was set back puts nothing off', async () => {
    const { ground } = await open({ ...OFTEN, refresh: '1s' })
    await filled(ground)
    await ground.rows("update groundstation.view set took_ms = 60000, tried_at = now() - interval '90 seconds'")
    assert.equal(await next(ground), undefined)
    await ground.rows("update groundstation.view set tried_at = now() - interval '130 seconds'")
    assert.notEqual(await next(ground), undefined)
    await ground.rows("update groundstation.view set tried_at = now() + interval '2 hours'")
    assert.notEqual(await next(ground), undefined)
  })

  it('that is being refreshed doesn’t keep its process from stopping', async () => {
    const { ground } = await open({ ...OFTEN, sql: `${BY_THING.sql} union all select '', 0, 0 from pg_sleep(600)` })
    const working =
      "select count(*) from pg_stat_activity where query ~ 'refresh materialized' and state = 'active' and pid <> pg_backend_pid() and datname = current_database()"
    await until('it is at work', async () => Number(await ground.value(working)) === 1)
    await ground.engine.stop()
    await until('it is given up', async () => Number(await ground.value(working)) === 0, 5_000)
    assert.equal((await state(ground))?.problem, null)
  })
})

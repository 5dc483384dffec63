import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createEngine } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import type { View } from '../../src/feed/view.ts'
import { openStore } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'
import { NO_SWEEP } from '../engine/ground.ts'
import { BY_THING, salesFeed } from './feed.ts'

type Views = Readonly<Record<string, View>>

const url = await freshDatabase({ after })
const store = await openStore(url, { connectionsMax: 2 })
after(() => store.close())
const rows = async (sql: string) => (await store.query(sql)).rows

/** Starts a process with these views, and ends it. */
async function start(views: Views, { name = 'sales', log = [] as string[], over = store } = {}): Promise<void> {
  const feed = compileFeed(salesFeed(views, name).declaration)
  const engine = createEngine({ store: over, feeds: [feed], sweepMs: NO_SWEEP, log: (_, message) => log.push(message) })
  try {
    await engine.start()
  } finally {
    await engine.stop()
  }
}

const kinds = () =>
  rows(
    `select n.nspname || '.' || c.relname as name, relkind::text as kind from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where relkind in ('v', 'm') and nspname not in ('pg_catalog', 'information_schema', 'groundstation') order by 1`,
  )
const idOf = async (name: string) => (await rows(`select to_regclass('${name}')::oid as id`))[0]?.id

describe('views', () => {
  it('are made with their schema, and not touched by a start that declares the same', async () => {
    const views = {
      stats: BY_THING,
      'Analytics.By_Price': { sql: 'select price, count(*) from sales group by price;' },
    }
    await start(views)
    assert.deepEqual(await kinds(), [
      { name: 'analytics.by_price', kind: 'v' },
      { name: 'public.stats', kind: 'v' },
    ])
    const [made] = await rows("select xmin::text, made_at::text from groundstation.view where name = 'stats'")
    // Whoever reads it would keep a start waiting that replaced it.
    const reader = await openStore(url, { connectionsMax: 1 })
    await reader.transaction(async client => {
      await client.query('select * from stats')
      await start(views)
    })
    await reader.close()
    assert.deepEqual(await rows("select xmin::text, made_at::text from groundstation.view where name = 'stats'"), [
      made,
    ])
  })

  it('that are declared otherwise are replaced, and what others made on top stays where it can', async () => {
    await rows('create view public.mine as select thing from stats')
    const id = await idOf('stats')
    await start({
      stats: { sql: 'select thing, count(*) as sold, sum(price) as total, 1 as more from sales group by thing' },
    })
    assert.equal(await idOf('stats'), id)
    assert.deepEqual(await rows('select * from mine'), [])
    await assert.rejects(start({ stats: { sql: 'select price from sales' } }), {
      code: 'DECLARATION_INVALID',
      message: /^The view stats of the feed sales can't be made: .*depend.*view mine depends on/,
    })
    assert.equal(await idOf('stats'), id)
    await rows('drop view public.mine')
    await start({ stats: { sql: 'select price from sales' } })
    assert.deepEqual(await rows('select price from stats'), [])
  })

  it('that are not declared any more are dropped, unless others made something on top', async () => {
    await start({ stats: { sql: 'select price from sales' }, other: { sql: 'select 1 as one' } })
    await rows('create view public.mine as select price from stats')
    const log: string[] = []
    await start({}, { log })
    assert.deepEqual(
      (await kinds()).map(({ name }) => name),
      ['public.mine', 'public.stats'],
    )
    assert.match(log.join('\n'), /doesn't declare the view stats any more/)
    await rows('drop view public.mine')
    await start({})
    assert.deepEqual(await kinds(), [])
    assert.deepEqual(await rows('select * from groundstation.view'), [])
  })

  it('may be made on top of each other, and change all the same', async () => {
    const on = { top: { sql: 'select max(n) as n from base' } }
    await start({ base: { sql: 'select 1 as n' }, ...on })
    await start({ base: { sql: "select 'x' as more, 2 as n" }, ...on })
    assert.deepEqual(await rows('select n from top'), [{ n: 2 }])
    await start({ base: { sql: 'select 3 as n', key: ['n'], refresh: '1h' }, ...on })
    assert.deepEqual(
      (await kinds()).map(({ kind }) => kind),
      ['m', 'v'],
    )
    await start({ base: { sql: 'select 4 as n' }, ...on })
    assert.deepEqual(await rows('select n from top'), [{ n: 4 }])
    await start({})
    assert.deepEqual(await kinds(), [])
  })

  it('are made once by processes that start at once', async () => {
    const stores = await Promise.all(Array.from({ length: 3 }, () => openStore(url, { connectionsMax: 2 })))
    const views = { 'fresh.stats': BY_THING, 'fresh.often': { ...BY_THING, refresh: '1h' } }
    await Promise.all(stores.map(over => start(views, { over })))
    assert.deepEqual(await kinds(), [
      { name: 'fresh.often', kind: 'm' },
      { name: 'fresh.stats', kind: 'v' },
    ])
    await Promise.all(stores.map(over => over.close()))
    await start({})
  })

  it('read what is in public, whatever the user is called', async () => {
    const on = { thing_names: { sql: 'select thing from lane' } }
    assert.deepEqual(await rows('select current_user::text as name'), [{ name: 'groundstation' }])
    await start(on, { name: 'lane' })
    assert.deepEqual(await rows('select thing from public.thing_names'), [])
    await start({}, { name: 'lane' })
  })

  it('of another feed, or that nobody made, are left alone', async () => {
    await start({ stats: BY_THING })
    await assert.rejects(start({ stats: BY_THING }, { name: 'others' }), {
      code: 'DECLARATION_INVALID',
      message: /view stats of the feed others: the feed sales has one of this name/,
    })
    await rows('create view public.mine as select 1 as one')
    await rows('create table public.taken (one integer)')
    for (const name of ['mine', 'taken'])
      await assert.rejects(start({ [name]: { sql: 'select 2 as two' } }), {
        code: 'DECLARATION_INVALID',
        message: new RegExp(
          `view ${name} of the feed sales: something of this name is in the database that no feed made`,
        ),
      })
    assert.deepEqual(await rows('select one from mine'), [{ one: 1 }])
    await rows('drop view public.mine; drop table public.taken')
    await start({})
  })
})

describe('a view is refused, with PostgreSQL’s words, and nothing is made', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['two statements', 'select 1 as one; drop table sales', /./],
    [
      'a second statement behind a bracket',
      'select 1 as one); drop table sales; (select 1 as one',
      /multiple commands|near "\w+"/,
    ],
    [
      'a second statement behind its end',
      'select 1 as one) with no data; drop table sales; create materialized view x as (select 1',
      /multiple commands|near "\w+"/,
    ],
    ['a second statement behind a comment', 'select 1 as one /*', /unterminated/],
    ['no select', 'drop table sales', /syntax error/],
    ['a delete', 'delete from sales returning *', /syntax error/],
    ['a delete in disguise', 'with gone as (delete from sales returning *) select * from gone', /data-modifying/],
    ['select into', 'select 1 as one into other', /INTO/],
    ['a parameter', 'select $1 as one', /parameter/],
    [
      'a missing table',
      'select *\nfrom\nnothing',
      /, in line 3 of its SQL: relation "nothing" does not exist \(SQLSTATE 42P01\)/,
    ],
    [
      'a missing column',
      'select  prise from sales',
      /in line 1 .*"prise" does not exist.*Perhaps you meant.*sales\.price/,
    ],
    ['a column twice', 'select 1 as a, 2 as a', /more than once/],
    ['a column of no type', 'select row(1) as one', /pseudo-type record/],
    ['nothing', '-- nothing', /syntax error/],
  ]
  for (const refresh of [undefined, '60s'])
    for (const [what, sql, reason] of cases)
      it(`${what}${refresh === undefined ? '' : ', refreshed'}`, async () => {
        const view: View = refresh === undefined ? { sql } : { sql, refresh, key: ['one'] }
        await assert.rejects(start({ good: BY_THING, 'there.broken': view }), error => {
          const { code, message } = error as { code: string; message: string }
          assert.equal(code, 'DECLARATION_INVALID')
          assert.match(message, /^The view there\.broken of the feed sales can't be made/)
          assert.match(message, reason)
          return true
        })
        assert.deepEqual(await kinds(), [])
        assert.deepEqual(await rows("select to_regclass('sales') is not null as there"), [{ there: true }])
      })

  it('a key of no column', async () => {
    for (const view of [{ sql: 'select 1 as one' }, { sql: 'select 1 as one', refresh: '60s' }])
      await assert.rejects(start({ broken: { ...view, key: ['two'] } }), /view broken has no column two/)
  })
})

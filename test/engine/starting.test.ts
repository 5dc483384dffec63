import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import rockets from '../../feeds/rockets.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { defineFeed, Type } from '../../src/index.ts'
import { openStore } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'
import { counterFeed, event } from './counter.ts'
import { NO_SWEEP, openGround } from './ground.ts'

const url = await freshDatabase({ after })

/** The counter with another fold: by tens. */
function tens() {
  const feed = counterFeed()
  const evolve = (state: { sum: number; path: string }, { add }: { add: number }) => ({
    ...state,
    sum: state.sum + add * 10,
  })
  return {
    ...feed,
    declaration: { ...feed.declaration, state: { ...feed.declaration.state, evolve } },
  } as unknown as typeof feed
}

/** The counter, with a sum that may not be larger. */
function atMost(maximum: number) {
  const feed = counterFeed()
  const schema = Type.Object({ sum: Type.Integer({ maximum }), path: Type.String() })
  return { ...feed, declaration: { ...feed.declaration, state: { ...feed.declaration.state, schema } } } as typeof feed
}

describe('starting', () => {
  it('rule 2: two processes that start at once on an empty database both come up', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(url, { connectionsMax: 2 })))
    // As empty as a database can be.
    await stores[0]?.query('drop schema if exists groundstation cascade')
    const feeds = [rockets, counterFeed()].map(({ declaration }) => compileFeed(declaration))
    const engines = stores.map(store => createEngine({ store, feeds, sweepMs: NO_SWEEP }))
    await Promise.all(engines.map(engine => engine.start()))
    const told = await Promise.all(
      engines.map(engine => engine.submit('counter', { events: [Buffer.from(event('start', 1))], origin: {} })),
    )
    assert.deepEqual(
      told
        .flat()
        .map(({ outcome }) => outcome)
        .sort(),
      ['accepted', 'duplicate', 'duplicate', 'duplicate'],
    )
    await Promise.all(engines.map(engine => engine.stop()))
    await Promise.all(stores.map(store => store.close()))
  })

  it('rule 12: a newer declaration folds keys again when they are touched, and an older one writes no more', async () => {
    const old = await openGround(url, [counterFeed()])
    await old.send('counter', event('a', 1), event('a', 2), event('b', 1))
    const young = await openGround(url, [tens()])
    assert.deepEqual(await old.send('counter', event('c', 1)), [{ outcome: 'accepted' }])
    await young.send('counter', event('a', 3))
    const sum = (key: string) => young.value("select (state ->> 'sum')::int from groundstation.key where key = $1", key)
    assert.equal(await sum('a'), 60)
    assert.equal(await sum('b'), 1)
    await assert.rejects(old.send('counter', event('a', 4)), { code: 'DECLARATION_OLDER' })
    await young.send('counter', event('b', 2))
    assert.equal(await sum('b'), 30)
    // Back again is newer still: what was folded in between is folded once more.
    const back = await openGround(url, [counterFeed()])
    await back.send('counter', event('a', 4))
    assert.equal(await sum('a'), 10)
  })

  it('rule 12: a declaration whose state may hold less is newer, and folds again what it would have skipped', async () => {
    const url = await freshDatabase({ after })
    const old = await openGround(url, [counterFeed()])
    await old.send('counter', event('a', 1, 5), event('a', 2, 100))
    const young = await openGround(url, [atMost(10)])
    await young.send('counter', event('a', 3, 1))
    assert.equal(await young.value("select (state ->> 'sum')::int from groundstation.key where key = 'a'"), 6)
    const letters = await young.rows('select sequence, reason from groundstation.dead_letters')
    assert.deepEqual(letters, [{ sequence: 2, reason: 'fold' }])
  })

  it('refuses a feed whose kind of identity has changed, and a table of another type', async () => {
    const common = { source: { kind: 'http', path: '/x' }, event: Type.Object({ key: Type.String() }) } as const
    const other = defineFeed({ ...common, name: 'counter', identity: { unique: 'key' } })
    await assert.rejects(openGround(url, [other]), { code: 'DECLARATION_INVALID' })
    const typed = defineFeed({
      ...common,
      name: 'typed',
      identity: { unique: 'key' },
      tables: { counter_rows: { columns: { number: { type: 'text', path: 'key' } } } },
    })
    await assert.rejects(openGround(url, [typed]), { code: 'DECLARATION_INVALID' })
  })

  it('takes nothing when the queue is full, and finishes what was taken before it stops', async () => {
    const limits = { queueEventsMax: 10, batchEventsMax: 5 }
    const ground = await openGround(url, [counterFeed()], { limits, writers: 1 })
    const taken = ground.send('counter', ...Array.from({ length: 30 }, (_, index) => event('q', index + 1)))
    await assert.rejects(ground.send('counter', event('late', 1)), { code: 'BUSY' })
    await ground.engine.room('counter')
    const more = ground.send('counter', event('q', 31))
    await ground.engine.stop()
    assert.equal((await taken).length, 30)
    assert.deepEqual(await more, [{ outcome: 'accepted' }])
    await assert.rejects(ground.send('counter', event('q', 32)), { code: 'STOPPING' })
    const other = await openGround(url, [counterFeed()])
    assert.equal(await other.value("select count(*) from counter_rows where key = 'q'"), 31)
    assert.equal(await other.value("select count(*) from groundstation.key where key = 'late'"), 0)
  })
})

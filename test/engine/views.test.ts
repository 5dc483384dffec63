import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { findState } from '../../src/store/read/states.ts'
import { freshDatabase } from '../database.ts'
import { counterFeed, event } from './counter.ts'
import { openGround } from './ground.ts'

const url = await freshDatabase({ after })
const ground = await openGround(url, [counterFeed({ maxHeld: 2 }), counterFeed({ name: 'quiet' })])
const broken = (key: string, number: number) => `{"key":"${key}","number":${number}}`
const dismissAll = async (key: string) => {
  for (const { id } of await ground.rows('select id from groundstation.dead_letters where key = $1 order by id', key))
    await ground.engine.dismiss('counter', Number(id))
}
const gapsOf = (key: string) =>
  ground.rows(
    'select from_number as "from", to_number as "to", status from groundstation.gaps where key = $1 order by 1, 3',
    key,
  )

describe('the public views', () => {
  it('rule 5: gaps tell two open holes, and leave out what is voided within one', async () => {
    await ground.send('counter', event('a', 6), event('a', 9), broken('a', 3))
    assert.deepEqual(await gapsOf('a'), [
      { from: 1, to: 5, status: 'open' },
      { from: 7, to: 8, status: 'open' },
    ])
    await dismissAll('a')
    assert.deepEqual(await gapsOf('a'), [
      { from: 1, to: 2, status: 'open' },
      { from: 3, to: 3, status: 'voided' },
      { from: 4, to: 5, status: 'open' },
      { from: 7, to: 8, status: 'open' },
    ])
  })

  it('rule 7: gaps tell what was released, healed, and voided after its release', async () => {
    await ground.send('counter', event('b', 5), event('b', 6), event('b', 7), broken('b', 2))
    await ground.send('counter', event('b', 3))
    await dismissAll('b')
    assert.deepEqual(await gapsOf('b'), [
      { from: 1, to: 1, status: 'released' },
      { from: 2, to: 2, status: 'voided' },
      { from: 3, to: 3, status: 'healed' },
      { from: 4, to: 4, status: 'released' },
    ])
  })

  it('rule 5: held tells what each event waits for', async () => {
    assert.deepEqual(
      await ground.rows(
        "select feed, key, sequence, waiting_for, raw, since <= now() as past from groundstation.held where key = 'a' order by sequence",
      ),
      [6, 9].map(sequence => ({
        feed: 'counter',
        key: 'a',
        sequence,
        waiting_for: 1,
        raw: event('a', sequence),
        past: true,
      })),
    )
  })

  it('rule 1: record tells every event once, with its place and its bytes', async () => {
    const raw = '{ "key":"c","number":1, "add":1e0 }'
    await ground.send('counter', raw, raw)
    const [row, ...others] = await ground.rows(
      "select feed, sequence, lane, position > 0 as placed, arrived = recorded as at_once, source, raw, event from groundstation.record where key = 'c'",
    )
    assert.deepEqual(others, [])
    assert.deepEqual(
      { ...row, lane: typeof row?.lane },
      {
        feed: 'counter',
        sequence: 1,
        lane: 'number',
        placed: true,
        at_once: true,
        source: null,
        raw,
        event: { key: 'c', number: 1, add: 1 },
      },
    )
  })

  it('rule 8: dead letters tell the bytes, the reason and the place', async () => {
    const [row] = await ground.rows(
      "select feed, reason, message, pointer, key, sequence, source, count, status, raw from groundstation.dead_letters where key = 'b'",
    )
    assert.deepEqual(row, {
      feed: 'counter',
      reason: 'schema',
      message: 'is missing',
      pointer: '/add',
      key: 'b',
      sequence: 2,
      source: { test: 'engine' },
      count: 1,
      status: 'dismissed',
      raw: Buffer.from(broken('b', 2)),
    })
  })

  it('feeds tell how much is there, of those that are quiet too', async () => {
    assert.deepEqual(
      await ground.rows('select feed, kind, events::int, keys::int from groundstation.feeds order by feed'),
      [
        { feed: 'counter', kind: 'sequenced', events: 5, keys: 3 },
        { feed: 'quiet', kind: 'sequenced', events: 0, keys: 0 },
      ],
    )
  })

  it('states tell what the API does, of keys that miss something too', async () => {
    await ground.send('counter', event('d', 1, 5), event('d', 2, 6))
    const states = async (key: string) =>
      (await ground.rows('select * from groundstation.states where feed = $1 and key = $2', 'counter', key))[0]
    for (const key of ['b', 'd']) {
      const told = await findState(async (sql, values) => ground.store.query(sql, values), 'counter', key)
      assert.ok(told)
      assert.deepEqual(await states(key), { feed: 'counter', ...told })
    }
    assert.equal(await states('a'), undefined, 'all of it is held')
  })

  it('states are found by an index among many', async () => {
    const id = await ground.value("select id from groundstation.feed where name = 'quiet'")
    await ground.rows(
      `insert into groundstation.key (id, frontier, events, generation, feed, lane, key, state)
       select n, 1, 1, 1, $1, 0, 'many ' || n, '{"n":1}' from generate_series(1, 100000) as n`,
      id,
    )
    await ground.rows('analyze groundstation.key')
    const plan = await ground.rows(
      "explain select * from groundstation.states where feed = 'quiet' and key = 'many 777'",
    )
    const text = plan.map(row => Object.values(row)[0]).join('\n')
    assert.match(text, new RegExp(`Index Scan using key_${id}_key_key`))
    assert.doesNotMatch(text, new RegExp(`Seq Scan on key_${id}`))
  })
})

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { defineFeed, Type } from '../../src/index.ts'
import { findState } from '../../src/store/read/states.ts'
import { freshDatabase } from '../database.ts'
import { counterFeed, event } from './counter.ts'
import { type Ground, openGround } from './ground.ts'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const gapsOf = ({ rows }: Ground, key: string) =>
  rows(
    'select from_number as "from", to_number as "to", status from groundstation.gaps where key = $1 order by 1, 3',
    key,
  )
const pathOf = ({ value }: Ground, key: string) =>
  value("select state ->> 'path' from groundstation.key where key = $1", key)

/** Nothing waits: what is below another number is late. */
const lateFeed = defineFeed({
  name: 'late',
  source: { kind: 'http', path: '/late' },
  event: Type.Object({ key: Type.String(), number: Type.Integer() }),
  identity: { key: 'key', sequence: 'number', sparse: true },
})

async function untilNoneIsHeld(ground: Ground, key: string): Promise<void> {
  while ((await ground.value('select count(*) from groundstation.held where key = $1', key)) !== 0)
    await ground.value('select pg_sleep(0.005)')
}

describe('waiting', () => {
  it('rules 5 and 6: what is held survives a restart, and the wait is the database’s', async () => {
    const url = await freshDatabase({ after })
    const first = await openGround(url, [counterFeed({ wait: '50ms' })])
    await first.send('counter', event('a', 1), event('a', 4), event('a', 6))
    await first.engine.stop()
    // As if it had come an hour ago: only the database's clock and what is kept there count, no timer of a process.
    const second = await openGround(url, [counterFeed({ wait: '50ms' })], { sweepMs: 5 })
    assert.deepEqual(await second.send('counter', event('a', 4)), [{ outcome: 'duplicate' }])
    await untilNoneIsHeld(second, 'a')
    assert.equal(await pathOf(second, 'a'), ',1,4,6')
    assert.equal((await findState(second.store.query, 'counter', 'a'))?.complete, false)
    const waited = await second.value(
      "select min(extract(epoch from recorded - arrived)) >= 0.05 from groundstation.record where key = 'a' and sequence > 1",
    )
    assert.equal(waited, true)
    assert.deepEqual(await gapsOf(second, 'a'), [
      { from: 2, to: 3, status: 'released' },
      { from: 5, to: 5, status: 'released' },
    ])
    await second.send('counter', event('a', 3))
    assert.equal(await pathOf(second, 'a'), ',1,3,4,6')
    assert.deepEqual(await gapsOf(second, 'a'), [
      { from: 2, to: 2, status: 'released' },
      { from: 3, to: 3, status: 'healed' },
      { from: 5, to: 5, status: 'released' },
    ])
  })

  it('rule 6: nothing is released before the feed could be posted to for as long, however long it is held', async () => {
    const url = await freshDatabase({ after })
    const first = await openGround(url, [counterFeed({ wait: '1s' })])
    await first.send('counter', event('a', 1), event('a', 3))
    await first.engine.stop()
    await first.rows("update groundstation.key set waiting_since = waiting_since - interval '1 hour'")
    const startedMs = performance.now()
    const second = await openGround(url, [counterFeed({ wait: '1s' })], { sweepMs: 5 })
    await untilNoneIsHeld(second, 'a')
    assert.ok(performance.now() - startedMs >= 1_000)
  })

  it('rule 6: over maxHeld the oldest hole goes at once, and the log says so', async () => {
    const notes: string[] = []
    const url = await freshDatabase({ after })
    const log = (_level: string, message: string) => notes.push(message)
    const ground = await openGround(url, [counterFeed({ maxHeld: 3 })], { log })
    const told = await ground.send('counter', ...[3, 4, 8, 9, 10].map(number => event('a', number)))
    assert.deepEqual(
      told.map(({ outcome }) => outcome),
      ['accepted', 'accepted', 'held', 'held', 'held'],
    )
    assert.match(notes.join(), /too many events wait for number 1/)
    assert.equal(await pathOf(ground, 'a'), ',3,4')
    await ground.send('counter', event('a', 12))
    assert.equal(await pathOf(ground, 'a'), ',3,4,8,9,10')
  })

  it('rule 7: a batch takes however much comes late for one key', async () => {
    const url = await freshDatabase({ after })
    const many = 130_000
    const ground = await openGround(url, [lateFeed], { limits: { batchEventsMax: many, queueEventsMax: many } })
    const late = (number: number) => JSON.stringify({ key: 'a', number })
    await ground.send('late', late(many + 1))
    const events = range(1, many).map(number => Buffer.from(late(number)))
    const told = await ground.engine.submit('late', { events, origin: {} })
    assert.equal(told.filter(({ outcome }) => outcome === 'accepted').length, many)
    assert.equal(await ground.value("select events from groundstation.key where key = 'a'"), many + 1)
  })

  it('rule 6: a feed that waits long releases nothing early, whoever sweeps', async () => {
    const url = await freshDatabase({ after })
    const ground = await openGround(url, [counterFeed({ wait: '1h' })], { sweepMs: 1 })
    await ground.send('counter', event('a', 2))
    await ground.value('select pg_sleep(0.05)')
    assert.deepEqual(await gapsOf(ground, 'a'), [{ from: 1, to: 1, status: 'open' }])
  })
})

describe('snapshots', () => {
  it('rules 7 and 10: are kept every 1,000 events, folded from, and dropped by what comes late below', async () => {
    const url = await freshDatabase({ after })
    const ground = await openGround(url, [counterFeed({ maxHeld: 1 })])
    const numbers = range(1, 3500).filter(number => number !== 1500)
    await ground.send('counter', ...numbers.map(number => event('a', number, 1)))
    const kept = async () =>
      (await ground.rows('select sequence from groundstation.snapshot order by sequence')).map(row => row.sequence)
    assert.deepEqual(await kept(), [1000, 2001, 3001])
    const at = async (number: number) => (await ground.engine.stateAt('counter', 'a', number))?.state.sum
    assert.deepEqual(
      await Promise.all([at(1), at(1000), at(1499), at(1500), at(2001), at(3500)]),
      [1, 1000, 1499, 1499, 2000, 3499],
    )
    assert.equal(await at(3501), undefined)
    assert.equal(await at(0), undefined)
    assert.equal((await ground.engine.stateAt('counter', 'a', 1400))?.complete, true)
    assert.equal((await ground.engine.stateAt('counter', 'a', 1600))?.complete, false)
    // Proof that a snapshot is what is folded from: one that was changed by hand shows.
    await ground.rows(
      "update groundstation.snapshot set state = jsonb_set(state, '{sum}', '5000') where sequence = 2001",
    )
    assert.equal(await at(2002), 5001)
    await ground.send('counter', event('a', 1500, 1))
    assert.deepEqual(await kept(), [1000, 2000, 3000])
    assert.deepEqual(await Promise.all([at(1500), at(2001), at(3500)]), [1500, 2001, 3500])
  })
})

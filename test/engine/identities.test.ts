import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import detections from '../../feeds/detections.ts'
import spacex from '../../feeds/spacex-launches.ts'
import { defineFeed, Type, text, uuid7 } from '../../src/index.ts'
import { freshDatabase } from '../database.ts'
import { openGround } from './ground.ts'

const unique = defineFeed({
  name: 'hooks',
  source: { kind: 'http', path: '/hooks' },
  event: Type.Object({ id: Type.String(), body: Type.String(), at: Type.Optional(Type.String()) }),
  identity: { unique: 'id' },
  tables: { hooks: { key: ['id'], columns: { id: text('id'), body: text('body'), row: uuid7() } } },
})
const url = await freshDatabase({ after })
const ground = await openGround(url, [detections, ...spacex, unique])
const other = await openGround(url, [detections, ...spacex, unique])
const seen = (year: number) =>
  Buffer.from(JSON.stringify({ Year: year, Make: 'Honda', Model: 'Civic', Category: 'Sedan' }))
const years = async () => (await ground.rows('select year from detections order by year')).map(({ year }) => year)

function read(from: typeof ground, name: string, first: number, ...of: number[]) {
  return from.engine.submit('detections', { events: of.map(seen), origin: {}, log: { name, first } })
}

describe('position', () => {
  it('rule 15: a log’s lines are applied once, equal ones each, and what overlaps is a duplicate', async () => {
    await read(ground, 'a', 0, 1, 1, 2)
    const told = await read(ground, 'a', 1, 1, 2, 3)
    assert.deepEqual(
      told.map(({ outcome }) => outcome),
      ['duplicate', 'duplicate', 'accepted'],
    )
    assert.deepEqual(await years(), [1, 1, 2, 3])
    assert.equal((await ground.engine.log('detections', 'a'))?.nextOffset, 4)
  })

  it('rule 15: a part that leaves lines out is refused whole', async () => {
    await assert.rejects(read(ground, 'a', 6, 9, 9), { code: 'SOURCE_CONFLICT' })
    assert.equal((await ground.engine.log('detections', 'a'))?.nextOffset, 4)
    assert.ok(!(await years()).includes(9))
  })

  it('rule 15: two processes that read one log at once apply each line once', async () => {
    const parts = Array.from({ length: 30 }, (_, part) =>
      Array.from({ length: 10 }, (__, line) => 1000 + part * 10 + line),
    )
    const reader = async (from: typeof ground) => {
      for (const [part, lines] of parts.entries()) await read(from, 'b', part * 10, ...lines)
    }
    await Promise.all([reader(ground), reader(other)])
    assert.deepEqual(
      (await years()).filter(year => Number(year) >= 1000),
      parts.flat(),
    )
  })

  it('rule 15: refused lines take their place in the log too', async () => {
    const events = [seen(5), Buffer.from('{"Year":"x"}'), seen(6)]
    const submission = { events, origin: {}, log: { name: 'c', first: 0, isComplete: true } }
    const outcomes = async () => (await ground.engine.submit('detections', submission)).map(({ outcome }) => outcome)
    assert.deepEqual(await outcomes(), ['accepted', 'rejected', 'accepted'])
    assert.deepEqual(await outcomes(), ['duplicate', 'duplicate', 'duplicate'])
    assert.equal((await ground.engine.log('detections', 'c'))?.isComplete, true)
  })

  it('rule 15: an idempotency key is new once, then the same, or another’s', async () => {
    const digest = Buffer.alloc(32, 1)
    const claims = await Promise.all([ground, other].map(one => one.engine.claim('detections', 'k', digest)))
    assert.deepEqual(claims.sort(), ['new', 'same'])
    assert.equal(await ground.engine.claim('detections', 'k', Buffer.alloc(32, 2)), 'other')
  })
})

describe('snapshot', () => {
  const launch = (success: unknown) => JSON.stringify({ id: 'l', success })
  it('rule 16: A, B, A are three versions, and what doesn’t differ is none', async () => {
    const told = await ground.send('spacex-launches', launch(null), launch(null), launch(true), launch(null))
    assert.deepEqual(
      told.map(({ outcome }) => outcome),
      ['accepted', 'duplicate', 'accepted', 'accepted'],
    )
    assert.deepEqual((await other.send('spacex-launches', '{"success":null,"id":"l"}'))[0], { outcome: 'duplicate' })
    const versions = await ground.rows(
      "select sequence, event -> 'success' as success from groundstation.record where key = 'l' order by sequence",
    )
    assert.deepEqual(versions, [
      { sequence: 1, success: null },
      { sequence: 2, success: true },
      { sequence: 3, success: null },
    ])
    const rows = await ground.rows(
      'select raw_data, fetched_at_timestamp = (select min(arrived) from groundstation.record where key = $1) as first from raw_launches',
      'l',
    )
    assert.deepEqual(rows, [{ raw_data: { id: 'l', success: null }, first: true }])
  })
})

describe('unique', () => {
  const hook = (id: string, body: string) => JSON.stringify({ id, body })
  it('rule 14: an id is taken once; other content under it is a conflict', async () => {
    const told = await ground.send('hooks', hook('1', 'a'), hook('1', 'a'), hook('1', 'b'), hook('2', 'a'))
    assert.deepEqual(
      told.map(({ outcome }) => outcome),
      ['accepted', 'duplicate', 'conflict', 'accepted'],
    )
    const again = await other.send('hooks', hook('2', 'a'), hook('1', 'b'))
    assert.deepEqual(
      again.map(({ outcome }) => outcome),
      ['duplicate', 'conflict'],
    )
    assert.deepEqual(await ground.rows('select id, body from hooks order by id'), [
      { id: '1', body: 'a' },
      { id: '2', body: 'a' },
    ])
  })

  it('rule 14: twenty posts of one id at once, to two processes, are one event', async () => {
    const posts = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? ground : other).send('hooks', hook('3', 'x')),
    )
    const told = (await Promise.all(posts)).flat().map(({ outcome }) => outcome)
    assert.equal(told.filter(outcome => outcome === 'accepted').length, 1)
    assert.equal(told.filter(outcome => outcome === 'duplicate').length, 19)
  })

  it('rule 11: what isn’t in the event is fixed with it on the record', async () => {
    const rows = await ground.rows(
      "select h.row::text as row, r.facts ->> 'public.hooks.row' as fact from hooks h join groundstation.record r on r.event ->> 'id' = h.id",
    )
    assert.equal(rows.length, 3)
    for (const { row, fact } of rows) assert.equal(row, fact)
  })
})

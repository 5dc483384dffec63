import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newGround } from '../engine/ground.ts'
import { until } from '../until.ts'
import { METERS, meter, serveLive } from './meters.ts'
import { read } from './reader.ts'

const data = (received: readonly { data: string }[]) => received.map(one => JSON.parse(one.data))

describe('alerts', () => {
  test('rule 13: they are raised once for each rule and event, whatever is repeated, late or refused', async () => {
    const ground = await newGround([METERS], { sweepMs: 50 })
    const first = [
      meter('a', 1, 60, 'odd'),
      meter('a', 3, 60),
      meter('a', 1, 60, 'odd'),
      '{"meter":"a"}',
      meter('a', 1, 2, 'odd'),
    ]
    await ground.send('meters', ...first)
    await until(
      'the hole is released',
      async () => (await ground.value('select frontier from groundstation.key')) === 3,
    )
    // Late: in its place the total is 61, behind it 121; what the rule said of number 3 is neither said again nor retracted.
    await ground.send('meters', meter('a', 2, 1, 'odd'), meter('a', 3, 60))
    await ground.send('meters', meter('a', 4, -100), meter('a', 5, 90, 'odd'))
    const rows = await ground.rows('select stream, id, rule, data from groundstation.alert order by stream, id')
    assert.deepEqual(
      rows.map(row => [row.stream, row.id, row.rule]),
      [
        ['/alerts', 1, 'odd'],
        ['/alerts', 2, 'odd'],
        ['/alerts', 3, 'odd'],
        ['/high', 1, 'high'],
        ['/high', 2, 'high'],
      ],
    )
    assert.deepEqual(
      rows.slice(0, 3).map(row => JSON.parse(String(row.data)).number),
      [1, 2, 5],
    )
    assert.deepEqual(JSON.parse(String(rows[3]?.data)), {
      rule: 'high',
      key: 'a',
      sequence: 3,
      event: JSON.parse(meter('a', 3, 60)),
      state: { total: 120, last: 'even' },
    })
    assert.equal(JSON.parse(String(rows[4]?.data)).sequence, 5)
  })
})

describe('GET /alerts', () => {
  test('gives every client every alert, in order, as it was posted', async t => {
    const ground = await newGround([METERS])
    const { url } = await serveLive(t, ground)
    await ground.send('meters', meter('before', 1, 1, 'odd'))
    const readers = await Promise.all([read(`${url}/alerts`), read(`${url}/alerts`), read(`${url}/alerts`)])
    const spaced = `{ "meter": "a",\n "number": 1,\r\n "by": 1, "kind": "odd" }`
    await ground.send('meters', spaced)
    await ground.send('meters', ...Array.from({ length: 700 }, (_, index) => meter('a', index + 2, 1, 'odd')))
    for (const reader of readers) {
      const received = await reader.messages(701)
      assert.deepEqual(
        received.map(({ id }) => id),
        Array.from({ length: 701 }, (_, index) => String(index + 2)),
      )
      assert.deepEqual(
        data(received).map(event => event.number),
        Array.from({ length: 701 }, (_, index) => index + 1),
      )
      assert.ok(received.every(({ event }) => event === 'alert'))
      reader.close()
    }
  })

  test('goes on after the last id, the first one and none included', async t => {
    const ground = await newGround([METERS])
    const { url } = await serveLive(t, ground)
    const none = await read(`${url}/alerts`)
    assert.equal(none.lastId(), '0')
    none.close()
    await ground.send('meters', ...[1, 2, 3, 4].map(number => meter('a', number, 1, 'odd')))
    for (const [last, expected] of [
      ['0', ['1', '2', '3', '4']],
      ['3', ['4']],
      ['4', []],
    ] as const) {
      const reader = await read(`${url}/alerts`, { 'last-event-id': last })
      assert.deepEqual(
        (await reader.messages(expected.length)).map(({ id }) => id),
        expected,
      )
      reader.close()
    }
  })

  test('says reset for an id that is unknown, too old or from the future, and goes on from now', async t => {
    const ground = await newGround([METERS], { sweepMs: 50 })
    const { url } = await serveLive(t, ground)
    await ground.send('meters', ...[1, 2, 3].map(number => meter('a', number, 1, 'odd')))
    await ground.rows("update groundstation.alert set raised = raised - interval '31 days' where id < 3")
    await until(
      'the old ones are forgotten',
      async () => (await ground.value('select min(id) from groundstation.alert')) === 3,
    )
    const readers = []
    for (const last of ['1', '4', '-1', 'x', '', '1e3', '9'.repeat(30), "'"]) {
      const reader = await read(`${url}/alerts`, { 'last-event-id': last })
      assert.deepEqual(
        (await reader.messages(1)).map(({ event, id }) => [event, id]),
        [['reset', '3']],
        last,
      )
      readers.push(reader)
    }
    const kept = await read(`${url}/alerts`, { 'last-event-id': '2' })
    await ground.send('meters', meter('a', 4, 1, 'odd'))
    assert.deepEqual(
      (await kept.messages(2)).map(({ event, id }) => [event, id]),
      [
        ['alert', '3'],
        ['alert', '4'],
      ],
    )
    for (const reader of readers) {
      assert.deepEqual(
        (await reader.messages(2)).map(({ id }) => id),
        ['3', '4'],
      )
      reader.close()
    }
    kept.close()
  })

  test('ends by itself where that is asked for', async t => {
    const ground = await newGround([METERS])
    const { url } = await serveLive(t, ground)
    await ground.send('meters', ...[1, 2, 3].map(number => meter('a', number, 1, 'odd')))
    const two = await (await fetch(`${url}/alerts?limit=2`, { headers: { 'last-event-id': '0' } })).text()
    assert.equal(two.match(/^event: alert$/gm)?.length, 2)
    const started = performance.now()
    await (await fetch(`${url}/alerts?seconds=1`)).text()
    assert.ok(performance.now() - started < 5_000)
    assert.equal((await fetch(`${url}/alerts?seconds=0`)).status, 400)
    assert.equal((await fetch(`${url}/alerts?skip=1`)).status, 400)
  })

  test('has so many streams for one user, and no more', async t => {
    const ground = await newGround([METERS])
    const { url } = await serveLive(t, ground, { streamsPerUserMax: 2 })
    const readers = [await read(`${url}/alerts`), await read(`${url}/high`)]
    const refused = await fetch(`${url}/alerts`)
    assert.equal(refused.status, 429)
    assert.equal(refused.headers.get('retry-after'), '1')
    readers[0]?.close()
    await until('the seat is free', async () => (await fetch(`${url}/alerts?limit=1&seconds=1`)).status === 200)
    readers[1]?.close()
  })

  test('ends when the server stops, and loses nothing', async t => {
    const ground = await newGround([METERS])
    const first = await serveLive(t, ground)
    const reader = await read(`${first.url}/alerts`)
    await ground.send('meters', meter('a', 1, 1, 'odd'))
    await reader.messages(1)
    await first.close()
    await until('the stream ends', () => Promise.resolve(reader.isEnded()))
    await ground.send('meters', meter('a', 2, 1, 'odd'))
    const second = await serveLive(t, ground)
    const again = await read(`${second.url}/alerts`, { 'last-event-id': reader.lastId() ?? '' })
    assert.deepEqual(
      (await again.messages(1)).map(({ id }) => id),
      ['2'],
    )
    again.close()
  })
})

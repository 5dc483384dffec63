import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import rockets from '../../feeds/rockets.ts'
import { idOf, numbersOf } from '../../src/api/live/place-id.ts'
import { channel, faster, launched } from '../api/rocket.ts'
import { newGround, openGround } from '../engine/ground.ts'
import { until } from '../until.ts'
import { expectedLevels, type Level } from './expected-levels.ts'
import { METERS, meter, serveLive, VERSION_2 } from './meters.ts'
import { type Reader, read } from './reader.ts'

const levels = (reader: Reader): Level[] =>
  reader.received.filter(({ event }) => event === 'state').map(({ data }) => JSON.parse(data) as Level)
const get = async (url: string) => (await (await fetch(url)).json()) as unknown
const contentType = async (url: string, accept: string) => {
  const response = await fetch(url, { headers: { accept } })
  await response.body?.cancel()
  return response.headers.get('content-type')?.split(';')[0]
}

/** Resolves with what a client has got once it knows that a key stands at a number. */
const reached = async (reader: Reader, meter: string, sequence: number): Promise<Level[]> => {
  await until(`${meter} ${sequence}`, async () =>
    levels(reader).some(level => level.meter === meter && level.sequence === sequence),
  )
  return levels(reader)
}

describe('a stream of states', () => {
  test('gives what is, then each change, as GET gives it', async t => {
    const ground = await newGround([METERS], { sweepMs: 50 })
    const { url } = await serveLive(t, ground)
    await ground.send('meters', meter('a', 1, 5), meter('a', 3, 6), meter('b', 1, 7))
    await until(
      'the hole is released',
      async () => (await ground.value("select frontier from groundstation.key where key = 'a'")) === 3,
    )
    const all = await read(`${url}/levels`)
    const one = await read(`${url}/levels/a`)
    await Promise.all([reached(all, 'b', 1), reached(all, 'a', 3), reached(one, 'a', 3)])
    await ground.send('meters', meter('b', 2, 1), meter('a', 2, 100), meter('a', 4, 1), meter('c', 1, 9))
    await Promise.all([reached(all, 'c', 1), reached(all, 'a', 4), reached(one, 'a', 4)])
    const expected = await expectedLevels(ground)
    assert.deepEqual(levels(one), expected.get('a')?.slice(1))
    assert.deepEqual(
      levels(one).map(({ sequence, total, complete }) => [sequence, total, complete]),
      [
        [3, 11, false],
        [3, 111, true],
        [4, 112, true],
      ],
    )
    for (const key of ['a', 'b', 'c']) {
      const told = levels(all).filter(level => level.meter === key)
      assert.deepEqual(told, expected.get(key)?.slice(-told.length))
      assert.deepEqual(told.at(-1), await get(`${url}/levels/${key}`))
    }
    all.close()
    one.close()
  })

  test('is given to who asks for it by name, and to nobody else', async t => {
    const ground = await newGround([METERS])
    const { url } = await serveLive(t, ground)
    await ground.send('meters', meter('a', 1))
    for (const path of ['/levels', '/levels/a']) {
      for (const accept of [
        'text/event-stream',
        'TEXT/Event-Stream; charset=utf-8',
        'text/event-stream, */*;q=0.1',
        'application/json;q=0.5, text/event-stream',
      ])
        assert.equal(await contentType(`${url}${path}?seconds=1`, accept), 'text/event-stream', accept)
      for (const accept of [
        '*/*',
        'text/*',
        'application/json',
        'text/event-stream;q=0',
        'application/json, text/event-stream',
        'text/event-stream2',
      ])
        assert.equal(await contentType(`${url}${path}?seconds=1`, accept), 'application/json', accept)
    }
    const headers = { accept: 'text/event-stream' }
    assert.equal((await fetch(`${url}/levels/nobody`, { headers })).status, 404)
    assert.equal((await fetch(`${url}/levels/a?at=1`, { headers })).status, 400)
    assert.equal((await fetch(`${url}/levels?sort=total`, { headers })).status, 400)
    assert.equal((await fetch(`${url}/levels`, { method: 'HEAD', headers })).headers.get('vary'), 'accept')
    const document = (await get(`${url}/openapi.json`)) as {
      paths: Record<string, { get: { responses: Record<string, { content: object }> } }>
    }
    for (const path of ['/levels', '/levels/{key}'])
      assert.deepEqual(Object.keys(document.paths[path]?.get.responses['200']?.content ?? {}), [
        'application/json',
        'text/event-stream',
      ])
  })

  test('ends by itself where that is asked for, and is one of the streams that a user may have', async t => {
    const ground = await newGround([METERS])
    const { url } = await serveLive(t, ground, { streamsPerUserMax: 2 })
    await ground.send('meters', meter('a', 1), meter('b', 1))
    const headers = { accept: 'text/event-stream' }
    const text = await (await fetch(`${url}/levels?limit=1`, { headers })).text()
    assert.equal(text.match(/^event: state$/gm)?.length, 1)
    await (await fetch(`${url}/levels/a?seconds=1`, { headers })).text()
    const readers = [await read(`${url}/levels`), await read(`${url}/levels/a`)]
    assert.equal((await fetch(`${url}/levels`, { headers })).status, 429)
    assert.equal((await fetch(`${url}/levels`)).status, 200)
    for (const reader of readers) reader.close()
    await until('the seats are free', async () => (await fetch(`${url}/levels?limit=1`, { headers })).status === 200)
  })

  test('of a UUID is the same in capitals', async t => {
    const ground = await newGround([rockets])
    const { url } = await serveLive(t, ground)
    const key = channel(1)
    await ground.send('rockets', launched(key, 1))
    const reader = await read(`${url}/rockets/${key.toUpperCase()}`)
    await reader.messages(1)
    await ground.send('rockets', faster(key.toUpperCase(), 2))
    const received = await reader.messages(2)
    assert.deepEqual(
      received.map(({ data }) => JSON.parse(data).messageNumber),
      [1, 2],
    )
    assert.deepEqual(JSON.parse(received[1]?.data ?? ''), await get(`${url}/rockets/${key}`))
    const again = await read(`${url}/rockets/${key}`, { 'last-event-id': received[0]?.id ?? '' })
    assert.deepEqual(await again.messages(1), received.slice(1))
    reader.close()
    again.close()
  })

  test('says reset for an id that is unknown, of another stream or from the future, then what is', async t => {
    const ground = await newGround([METERS])
    const { url } = await serveLive(t, ground)
    await ground.send('meters', meter('a', 1), meter('b', 1))
    const all = await read(`${url}/levels`)
    const one = await read(`${url}/levels/a`)
    const [ofAll, ofOne] = [(await all.messages(2))[1]?.id ?? '', (await one.messages(1))[0]?.id ?? '']
    const other = await read(`${url}/levels/b`)
    const ofOther = (await other.messages(1))[0]?.id ?? ''
    for (const reader of [all, one, other]) reader.close()
    const changed = (id: string, change: (numbers: number[]) => void) => {
      const numbers = [...(numbersOf(id) ?? [])]
      change(numbers)
      return idOf(numbers)
    }
    const garbage = ['0', '-1', 'x', '%00', "' or 1=1 --", '9'.repeat(300), 'A'.repeat(5_000), '\u00ff', `${ofAll}=`]
    const futures = (id: string) => [
      changed(id, numbers => numbers.push((numbers.pop() ?? 0) + 100)),
      changed(id, numbers => numbers.push(Number.MAX_SAFE_INTEGER)),
      changed(id, numbers => numbers.pop()),
      changed(id, numbers => numbers.splice(1, 1, 99)),
      changed(id, numbers => numbers.splice(2, 1, 99)),
      changed(id, numbers => numbers.splice(0, 1, 7)),
    ]
    for (const [path, ids, count] of [
      ['/levels', [...garbage, ...futures(ofAll), ofOne], 3],
      ['/levels/a', [...garbage, ...futures(ofOne), ofAll, ofOther], 2],
    ] as const)
      for (const id of ids) {
        const reader = await read(`${url}${path}`, { 'last-event-id': id })
        const [first, ...states] = await reader.messages(count)
        assert.equal(first?.event, 'reset', `${path} ${id}`)
        assert.ok(states.every(({ event }) => event === 'state'))
        reader.close()
      }
    const empty = await read(`${url}/levels/a`, { 'last-event-id': '' })
    assert.equal((await empty.messages(1))[0]?.event, 'state')
    empty.close()
  })

  test('tells where it is, so that who hears nothing for long is not too far behind', async t => {
    const ground = await newGround([METERS])
    const { url } = await serveLive(t, ground, { heartbeatMs: 50 })
    await ground.send('meters', meter('a', 1))
    const reader = await read(`${url}/levels/a`)
    const [first] = await reader.messages(1)
    // Others in the same lane: the place moves on, and nothing of it is told.
    await ground.send('meters', ...Array.from({ length: 100 }, (_, index) => meter(`other ${index}`, 1)))
    await until('another place', async () => reader.lastId() !== first?.id)
    assert.equal(reader.received.length, 1)
    await ground.send('meters', meter('a', 2))
    const again = await read(`${url}/levels/a`, { 'last-event-id': reader.lastId() ?? '' })
    assert.deepEqual(
      (await again.messages(1)).map(({ data }) => JSON.parse(data).sequence),
      [2],
    )
    reader.close()
    again.close()
  })

  test('of an older declaration ends when a newer one has written; its ids are unknown to it', async t => {
    const older = await newGround([METERS])
    const first = await serveLive(t, older)
    await older.send('meters', meter('a', 1, 5))
    const readers = [await read(`${first.url}/levels`), await read(`${first.url}/levels/a`)]
    for (const reader of readers) await reader.messages(1)
    const newer = await openGround(older.url, [VERSION_2])
    const second = await serveLive(t, newer)
    await newer.send('meters', meter('a', 2, 5))
    for (const [index, reader] of readers.entries()) {
      await until('the stream ends', async () => reader.isEnded())
      const path = index === 0 ? '/levels' : '/levels/a'
      const headers = { accept: 'text/event-stream', 'last-event-id': reader.lastId() ?? '' }
      assert.equal((await fetch(`${first.url}${path}`, { headers })).status, 503)
      const again = await read(`${second.url}${path}`, headers)
      assert.deepEqual(
        (await again.messages(2)).map(({ event, data }) => [event, JSON.parse(data).total]),
        [
          ['reset', undefined],
          ['state', 20],
        ],
      )
      again.close()
    }
  })
})

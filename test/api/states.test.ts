import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channel, exploded, faster, launched } from './rocket.ts'
import { get, type List, pages, send, serve } from './serve.ts'

type Rocket = Record<string, string | number | boolean | null> & { readonly channel: string }

const FIELDS = ['channel', 'type', 'speed', 'mission', 'exploded', 'messageNumber', 'messageTime']

/** Code points, not UTF-16 units: U+FF5E comes before U+1F680. */
const TYPES = ['Falcon-9', 'falcon', 'Éclair', 'Z', '~', '\uff5e', '\u{1f680}', 'Falcon-9']

const served = await serve()
const url = `${served.url}/rockets`

test('states are sorted by any declared field, both ways, whatever the page', async () => {
  const events = TYPES.flatMap((type, index) => [
    launched(channel(index), 1, type, TYPES[7 - index], index * 9),
    ...Array.from({ length: index % 3 }, (_, more) => faster(channel(index), more + 2, 95)),
    ...(index % 4 === 0 ? [exploded(channel(index), (index % 3) + 2)] : []),
  ])
  // Rockets whose launch never came, and whose wait is over: no type and no mission.
  const waiting = [20, 21].flatMap(index => [faster(channel(index), 3), faster(channel(index), 4)])
  const posted = await send(`${served.url}/messages`, `[${[...events, ...waiting].join(',')}]`)
  assert.equal(posted.body.accepted, events.length)
  await served.rows(
    `update groundstation.key set frontier = 4, events = 2, spans = '{"missing":[[1,2,0]]}',
    state = '{"type":null,"speed":20,"mission":null,"exploded":false,"reason":null}' where key in ($1, $2)`,
    channel(20),
    channel(21),
  )
  const all = (await pages<Rocket>(url)).flat()
  assert.equal(all.length, TYPES.length + 2)
  for (const field of FIELDS)
    for (const sign of ['', '-'])
      for (const limit of [1, 3, 1000]) {
        const listed = (await pages<Rocket>(`${url}?sort=${sign}${field}&limit=${limit}`)).flat()
        assert.deepEqual(listed, sorted(all, field, sign === '-'), `${sign}${field} by ${limit}`)
      }
})

/** A sort of its own: what is missing last both ways, ties by channel. */
function sorted(rockets: readonly Rocket[], field: string, isDescending: boolean): Rocket[] {
  const order = (a: unknown, b: unknown): number => {
    if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
    return Number(a) - Number(b)
  }
  return [...rockets].sort((one, other) => {
    const [a, b] = [one[field], other[field]]
    if (a !== b && (a === null || b === null)) return a === null ? 1 : -1
    return (a === b ? 0 : order(a, b) * (isDescending ? -1 : 1)) || order(one.channel, other.channel)
  })
}

test('one state, its key in capitals too, and at a number', async () => {
  const key = channel(50)
  await send(`${served.url}/messages`, `[${launched(key, 1)},${faster(key, 2, 100)},${exploded(key, 3)}]`)
  const now = {
    channel: key,
    type: 'Falcon-9',
    speed: 600,
    mission: 'ARTEMIS',
    exploded: true,
    reason: 'PRESSURE',
    messageNumber: 3,
    messageTime: '2022-02-02T19:39:05.000000003+01:00',
    complete: true,
  }
  assert.deepEqual((await get(`${url}/${key}`)).body, now)
  assert.deepEqual((await get(`${url}/${key.toUpperCase()}`)).body, now)
  assert.deepEqual((await get(`${url}/${key}?at=3`)).body, now)
  const before = (await get(`${url}/${key}?at=1`)).body
  assert.deepEqual([before.speed, before.exploded, before.messageNumber], [500, false, 1])
  for (const at of ['0', '-1', '1.5', 'x', '', '1e3', '99999999999999999999'])
    assert.equal((await get(`${url}/${key}?at=${at}`)).status, 400, at)
  assert.equal((await get(`${url}/${key}?at=1&at=2`)).status, 400)
  for (const at of [4, 9007199254740991]) {
    const { status, body } = await get(`${url}/${key}?at=${at}`)
    assert.deepEqual([status, body.detail], [404, `There is no channel ${key} with a number ${at}.`])
  }
})

test('what is only held is not listed, and not known', async () => {
  const key = channel(60)
  await send(`${served.url}/messages`, faster(key, 2))
  assert.equal((await get(`${url}/${key}`)).status, 404)
  const { status, body } = await get(`${url}/${key}?at=2`)
  assert.deepEqual([status, body.detail], [404, `There is no channel ${key}.`])
  assert.ok(!(await pages<Rocket>(url)).flat().some(rocket => rocket.channel === key))
})

test('a key that no event can have is unknown', async () => {
  for (const key of ['x', '%00', 'a%2Fb', '%F0%9F%9A%80', 'x'.repeat(4000)]) {
    for (const at of ['', '?at=1']) {
      const { status, body } = await get(`${url}/${key}${at}`)
      assert.deepEqual([status, body.type], [404, 'urn:groundstation:not-found'], key)
      assert.doesNotMatch(String(body.detail), /with a number/)
    }
  }
})

test('a parameter that is none, or out of bounds, is 400 with a word why', async () => {
  const cases = [
    'sort=engine',
    'sort=',
    'sort=--speed',
    'sort=speed,type',
    'limit=0',
    'limit=1001',
    'limit=ten',
    'limit=-1',
  ]
  for (const query of [...cases, 'limit=1&limit=2', 'page=2', 'after=', 'after=x', 'after=W10', '__proto__=1']) {
    const { status, body } = await get(`${url}?${query}`)
    assert.equal(status, 400, query)
    assert.equal(body.type, 'urn:groundstation:request-invalid')
    assert.ok(String(body.detail).length > 10)
  }
})

test('a token goes on where it was given, and nowhere else', async () => {
  const { body } = await get<List>(`${url}?sort=speed&limit=1`)
  assert.equal((await get(`${url}?sort=speed&after=${body.next}`)).status, 200)
  for (const sort of ['-speed', 'type', 'channel'])
    assert.equal((await get(`${url}?sort=${sort}&after=${body.next}`)).status, 400)
  assert.equal((await get(`${served.url}/feeds/rockets/gaps?after=${body.next}`)).status, 400)
  const forged = (parts: unknown[]) =>
    Buffer.from(JSON.stringify(['states rockets speed', ...parts])).toString('base64url')
  for (const parts of [
    ['1; drop', 'x'],
    [{}, 'x'],
    [1, '\u0000'],
    [1, 2],
    [1],
    ['1', 'x', 'y'],
    [true, 'x'],
    ['9'.repeat(500), 'x'],
  ])
    assert.equal((await get(`${url}?sort=speed&after=${forged(parts)}`)).status, 400, JSON.stringify(parts))
  assert.equal((await get(`${url}?sort=speed&after=${forged(['500', '\ud83d'])}`)).status, 400)
  assert.equal((await get(`${url}?sort=speed&after=${forged(['500', "'"])}`)).status, 200)
  assert.deepEqual(served.faults, [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channel, faster, launched } from './rocket.ts'
import { get, type List, pages, send, serve } from './serve.ts'

const served = await serve()
const { url } = served
const key = channel(1)
const number2 = faster(key, 2)
const change = (from: string, to: string) => number2.replace(from, to)

/** JSON that breaks stores, in the place of number 2. */
const HOSTILE: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>> = {
  'U+0000 in a value': launched(key, 2, 'a\u0000b'),
  'U+0000 in a name': change('{"by"', '{"a\\u0000":1,"by"'),
  'a lone surrogate': launched(key, 2, '\ud800'),
  'half a pair in a name': change('{"by"', '{"\\udc00":1,"by"'),
  '2^53 + 1': change('"by":10', '"by":9007199254740993'),
  '1e400': change('"by":10', '"by":1e400'),
  'a number of 200,000 digits': change('"by":10', `"by":${'9'.repeat(200_000)}`),
  '200,000 nested arrays': change('{"by"', `{"deep":${'['.repeat(200_000)}${']'.repeat(200_000)},"by"`),
  '200,000 open brackets': '['.repeat(200_000),
  'a 64 kB key': change(key, 'k'.repeat(65_536)),
  __proto__: change('"by":10', '"__proto__":{"by":10}'),
  constructor: change('"by":10', '"constructor":{"prototype":{"by":10}}'),
  'not UTF-8': Uint8Array.from(Buffer.from(launched(key, 2, 'X')).map(byte => (byte === 0x58 ? 0xff : byte))),
  'an overlong zero': Uint8Array.from([...Buffer.from('{"a":"'), 0xc0, 0x80, ...Buffer.from('"}')]),
  'UTF-16': Uint8Array.from(Buffer.from(number2, 'utf16le')),
  'two values': `${number2}${number2}`,
  'a comment': `/* */${number2}`,
  NaN: change('"by":10', '"by":NaN'),
  'a number with a leading zero': change('"by":10', '"by":010'),
  'a raw line feed in a text': change('PRESSURE', 'a\nb').replace('RocketSpeed', 'Rocket\nSpeed'),
  null: 'null',
  'a text': '"RocketLaunched"',
  'a negative zero': change('"messageNumber":2', '"messageNumber":-0'),
  'a number as text': change('"by":10', '"by":"10"'),
  'nothing of it': '{}',
}

test('each hostile event is 400 with its rule, a dead letter, and never a fault of ours', async () => {
  await send(`${url}/messages`, launched(key, 1))
  for (const [name, event] of Object.entries(HOSTILE)) {
    if (typeof event === 'string' && event.startsWith('[')) continue
    const { status, body } = await send(`${url}/messages`, event)
    assert.equal(status, 400, name)
    assert.equal(body.outcome, 'rejected', name)
    assert.ok(Number(body.deadLetter) > 0, name)
    const { body: letter } = await get(`${url}/feeds/rockets/dead-letters/${body.deadLetter}`)
    const raw =
      letter.encoding === 'base64' ? Buffer.from(String(letter.raw), 'base64') : Buffer.from(String(letter.raw))
    assert.ok(raw.equals(Buffer.from(event)), name)
  }
  assert.deepEqual(served.faults, [])
  assert.equal((await get(`${url}/rockets/${key}`)).body.messageNumber, 1)
  assert.equal(({} as Record<string, unknown>).by, undefined)
})

test('one in a thousand of them spoils nothing for the others', async () => {
  const names = Object.keys(HOSTILE).filter(name => name !== 'UTF-16' && name !== 'a raw line feed in a text')
  const lines = names.flatMap((name, index) => [
    ...Array.from({ length: 1000 }, (_, number) =>
      (number === 0 ? launched : faster)(channel(100 + index), number + 1),
    ),
    HOSTILE[name] ?? '',
  ])
  const body = Buffer.concat(lines.flatMap(line => [Buffer.from(line), Buffer.from('\n')]))
  const posted = await send(`${url}/messages`, Uint8Array.from(body), { 'content-type': 'application/x-ndjson' })
  assert.deepEqual(posted.body, {
    accepted: names.length * 1000,
    held: 0,
    duplicate: 0,
    conflict: 0,
    rejected: names.length,
  })
  const rockets = (await pages(`${url}/rockets?limit=1000`)).flat()
  assert.equal(rockets.length, names.length + 1)
  assert.ok(rockets.every(rocket => rocket.complete === true))
})

test('in an array as well', async () => {
  const names = Object.keys(HOSTILE).filter(name => !/brackets|UTF-16|two values|raw line|comment/.test(name))
  const fresh = channel(900)
  const elements = names.flatMap((name, index) => [
    HOSTILE[name] ?? '',
    (index === 0 ? launched : faster)(fresh, index + 1),
  ])
  const body = Buffer.concat([
    Buffer.from('['),
    ...elements.flatMap((element, index) => [Buffer.from(index === 0 ? '' : ','), Buffer.from(element)]),
    Buffer.from(']'),
  ])
  const posted = await send(`${url}/messages`, Uint8Array.from(body))
  assert.deepEqual([posted.body.accepted, posted.body.rejected], [names.length, names.length])
  assert.deepEqual(served.faults, [])
})

test('an array that is never closed, deep or not, is no event', async () => {
  const posted = await send(`${url}/messages`, '['.repeat(200_000))
  assert.deepEqual([posted.status, posted.body.rejected], [200, 1])
  const { body } = await get<List>(`${url}/feeds/rockets/dead-letters?limit=1000`)
  assert.ok(body.data.length > 0)
})

test('everything that came is accounted for', async () => {
  const [row] = await served.rows(`select (select sum(count) from groundstation.dead_letter)::bigint as letters,
    (select count(*) from groundstation.event) as events, (select count(*) from groundstation.held_event) as held`)
  assert.deepEqual(row?.held, 0)
  assert.ok(Number(row?.letters) > Object.keys(HOSTILE).length)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counterFeed, event } from '../engine/counter.ts'
import { rawConnection } from '../http/raw-connection.ts'
import { channel, faster, launched } from './rocket.ts'
import { get, type List, pages, send, serve } from './serve.ts'

const served = await serve()
const { url } = served
const failing = (state: object, { add }: { add: number }) => {
  if (add < 0) throw new RangeError('planted')
  return state
}
const feed = `${url}/feeds/rockets`

test('the feeds, and how much of each there is', async () => {
  const key = channel(1)
  await send(`${url}/messages`, `[${launched(key, 1)},${faster(key, 3)},${faster(key, 6)},{}]`)
  const { body } = await get<List>(`${url}/feeds`)
  assert.deepEqual(body.data[0], {
    name: 'rockets',
    kind: 'sequenced',
    source: 'http',
    path: '/messages',
    state: '/rockets',
    events: 1,
    keys: 1,
    held: 2,
    openGaps: 2,
    releasedGaps: 0,
    missingNumbers: 0,
    skipped: 0,
    openDeadLetters: 1,
    topic: null,
    outputs: [],
    poll: null,
  })
  assert.deepEqual(
    body.data.map(({ name, path }) => [name, path]),
    [
      ['rockets', '/messages'],
      ['detections', '/feeds/detections/events'],
      ['spacex-launches', '/feeds/spacex-launches/events'],
      ...['payloads', 'rockets', 'launchpads'].map(one => [`spacex-${one}`, `/feeds/spacex-${one}/events`]),
    ],
  )
})

test('what is missing for good and what the fold skipped is told, after nobody waits for it any more', async () => {
  const feedOf = counterFeed({ name: 'lossy', maxHeld: 1 })
  const { declaration } = feedOf
  const lossy = {
    ...feedOf,
    declaration: { ...declaration, state: { ...declaration.state, evolve: failing as never } },
  }
  const other = await serve({}, [lossy as typeof feedOf])
  const events = [event('a', 1), event('a', 5), event('a', 6), event('a', 7, -1)]
  for (const one of events) await send(`${other.url}/lossy`, one)
  const [told] = (await get<List>(`${other.url}/feeds`)).body.data
  assert.deepEqual([told?.openGaps, told?.releasedGaps, told?.missingNumbers, told?.skipped], [0, 1, 3, 1])
  const text = await (await fetch(`${other.url}/metrics`)).text()
  for (const line of ['open_gaps{feed="lossy"} 0', 'released_gaps{feed="lossy"} 1', 'missing_numbers{feed="lossy"} 3'])
    assert.ok(text.includes(`groundstation_${line}\n`), line)
  assert.match(text, /groundstation_skipped_events\{feed="lossy"\} 1\n/)
})

test('gaps and held events, by key and by status, page by page', async () => {
  const key = channel(1)
  type Gap = { key: string; from: number; to: number; since: string; status: string; deadLetter: number | null }
  const gaps = (await pages<Gap>(`${feed}/gaps?limit=1`)).flat()
  assert.deepEqual(
    gaps.map(({ since, ...gap }) => gap),
    [
      { key, from: 2, to: 2, status: 'open', deadLetter: null },
      { key, from: 4, to: 5, status: 'open', deadLetter: null },
    ],
  )
  for (const { since } of gaps) assert.match(since, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  const held = (await pages(`${feed}/held?limit=1`)).flat()
  assert.deepEqual(
    held.map(({ since, ...event }) => event),
    [
      { key, sequence: 3, waitingFor: 2 },
      { key, sequence: 6, waitingFor: 2 },
    ],
  )
  assert.equal((await get<List>(`${feed}/gaps?key=${key.toUpperCase()}&status=open`)).body.data.length, 2)
  assert.equal((await get<List>(`${feed}/gaps?status=healed`)).body.data.length, 0)
  assert.equal((await get<List>(`${feed}/held?key=${channel(2)}`)).body.data.length, 0)
  assert.equal((await get<List>(`${feed}/gaps?key=%00`)).body.data.length, 0)
  assert.equal((await get(`${feed}/gaps?status=closed`)).status, 400)
})

test('the record gives events back to the byte, of one key or of all', async () => {
  const key = channel(3)
  const events = [
    `{ "message":{"mission":"\\u00c9\u00e9 \u{1f680}","launchSpeed":5e2,"type":"F","__proto__":{"a":1}},\n "metadata":${JSON.stringify(JSON.parse(launched(key, 1)).metadata)},"more":[1.10,-0,1E+2] }`,
    ...Array.from({ length: 7 }, (_, index) => faster(key, index + 2)),
  ]
  const posted = await send(`${url}/messages`, `[${events.join(',')}]`)
  assert.equal(posted.body.accepted, events.length)
  const { text, body } = await get<List>(`${feed}/record?key=${key}`)
  for (const event of events) assert.ok(text.includes(`"event":${event}}`))
  assert.deepEqual(
    body.data.map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5, 6, 7, 8],
  )
  const from5 = (await pages(`${feed}/record?key=${key.toUpperCase()}&from=5&limit=3`)).map(page =>
    page.map(one => one.sequence),
  )
  assert.deepEqual(from5, [[5, 6, 7], [8]])
  const all = (await pages(`${feed}/record?limit=2`)).flat()
  assert.equal(all.length, 9)
  const places = all.map(({ lane, position }) => Number(lane) * 1e6 + Number(position))
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  )
  assert.equal((await get<List>(`${feed}/record?key=nobody`)).body.data.length, 0)
  assert.equal((await get(`${feed}/record?from=5`)).status, 400)
  assert.equal((await get(`${url}/feeds/detections/record?key=a`, served.as.reader)).status, 400)
})

test('a page of large events ends before it is too large, and goes on', async () => {
  const text = 'x'.repeat(900_000)
  const count = 12
  for (let index = 0; index < count; index++)
    await send(
      `${url}/feeds/detections/events`,
      JSON.stringify({ Year: index, Make: 'M', Model: 'M', Category: text }),
      { 'content-type': 'application/json', ...served.as.writer },
    )
  const recorded = await pages<{ event: { Year: number } }>(`${url}/feeds/detections/record`, served.as.reader)
  assert.ok(recorded.length > 1)
  assert.deepEqual(new Set(recorded.flat().map(({ event }) => event.Year)).size, count)
  for (let index = 0; index < count; index++) await send(`${url}/messages`, `${index} ${text}`)
  const letters = await pages<{ raw: string }>(`${feed}/dead-letters`)
  assert.ok(letters.length > 1)
  assert.equal(letters.flat().filter(({ raw }) => raw.length > 900_000).length, count)
})

test('who asks for large pages and never reads them is cut off', async t => {
  const other = await serve({ idleMsMax: 200 })
  for (let index = 0; index < 8; index++)
    await send(
      `${other.url}/feeds/detections/events`,
      JSON.stringify({ Year: index, Make: 'M', Model: 'M', Category: 'x'.repeat(1_000_000) }),
      { 'content-type': 'application/json', ...other.as.writer },
    )
  const { socket, write, ended } = await rawConnection(t, Number(new URL(other.url).port))
  socket.pause()
  const asked = `GET /feeds/detections/record HTTP/1.1\r\nhost: localhost\r\nauthorization: ${other.as.reader.authorization}\r\n\r\n`
  write(asked.repeat(4))
  const cut = new Promise(resolve => socket.once('error', resolve))
  const probe = setInterval(() => write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'), 50)
  t.after(() => clearInterval(probe))
  await cut
  await ended
  assert.deepEqual(other.faults, [])
})

test('an unknown feed is 404 wherever it is asked for', async () => {
  for (const path of ['record', 'gaps', 'held', 'dead-letters', 'dead-letters/1'])
    assert.equal((await get(`${url}/feeds/nothing/${path}`)).status, 404, path)
  assert.equal((await send(`${url}/feeds/nothing/events`, '{}')).status, 404)
  assert.deepEqual(served.faults, [])
})

test('alive and ready, until the engine is not', async () => {
  assert.deepEqual((await get(`${url}/health/live`)).body, { status: 'live' })
  assert.deepEqual((await get(`${url}/health/ready`)).body, { status: 'ready' })
  const other = await serve()
  await other.engine.stop()
  assert.equal((await get(`${other.url}/health/live`)).status, 200)
  const { status, body } = await get(`${other.url}/health/ready`)
  assert.deepEqual([status, body.type], [503, 'urn:groundstation:not-ready'])
  const refused = await send(`${other.url}/messages`, launched(channel(1), 1))
  assert.deepEqual([refused.status, refused.body.type], [503, 'urn:groundstation:stopping'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { gate, JSON_HEADERS, LINES_HEADERS, reading, send, serve } from './serve.ts'

const GZIP = { 'content-encoding': 'gzip' }
const MIB = 1024 * 1024

test('an event over the limit is 413; in an array or a stream it is rejected, and the others go on', async t => {
  const { url, engine } = await serve(t, { eventBytesMax: 1000 })
  const large = reading('a', 2, 'x'.repeat(1000))
  assert.equal((await send(`${url}/readings`, large)).status, 413)
  assert.equal(engine.submissions.length, 0)
  const many = [reading('a', 1), large, reading('a', 3)]
  const expected = { accepted: 2, held: 0, duplicate: 0, conflict: 0, rejected: 1 }
  assert.deepEqual((await send(`${url}/readings`, `[${many.join(',')}]`)).body, expected)
  const origin = engine.submissions[0]?.submission.origin
  assert.deepEqual(typeof origin === 'function' ? origin(1) : undefined, { http: '/readings', event: 3 })
  const response = await fetch(`${url}/readings`, {
    method: 'POST',
    headers: { ...LINES_HEADERS, prefer: 'return=representation' },
    body: many.join('\n'),
  })
  const receipts = (await response.text()).split('\n')
  assert.equal(receipts[0], '{"outcome":"duplicate"}')
  assert.deepEqual(JSON.parse(receipts[1] ?? ''), {
    outcome: 'rejected',
    reason: 'size',
    message: `has ${large.length} bytes; an event has at most 1000`,
    pointer: '',
    deadLetter: null,
  })
  assert.equal(receipts[2], '{"outcome":"duplicate"}')
})

test('an array has so many events and bytes at most, and nothing of a larger one is taken', async t => {
  const { url, engine } = await serve(t, { arrayEventsMax: 10, arrayBytesMax: 2000 })
  const eleven = JSON.stringify(new Array(11).fill({ meter: 'a', number: 1 }))
  assert.equal((await send(`${url}/readings`, eleven)).status, 413)
  assert.equal((await send(`${url}/readings`, `[${' '.repeat(2000)}]`)).status, 413)
  assert.equal(
    (await send(`${url}/readings`, gzipSync(`[${' '.repeat(2000)}]`), { ...JSON_HEADERS, ...GZIP })).status,
    413,
  )
  assert.equal(engine.submissions.length, 0)
})

test('an array of millions of numbers is refused before they take memory', async t => {
  const { url, engine } = await serve(t)
  const array = Buffer.from(`[${'1,'.repeat(15 * MIB)}1]`)
  const before = process.memoryUsage().heapUsed
  assert.equal((await send(`${url}/readings`, array)).status, 413)
  assert.ok(process.memoryUsage().heapUsed - before < 100 * MIB)
  assert.equal(engine.submissions.length, 0)
})

test('gzip is unfolded, one event, an array and a stream', async t => {
  const { url } = await serve(t)
  const post = (body: string, headers: Record<string, string>) =>
    send(`${url}/readings`, gzipSync(body), { ...headers, ...GZIP })
  assert.deepEqual((await post(reading('a', 1), JSON_HEADERS)).body, { outcome: 'accepted' })
  assert.equal((await post(`[${reading('a', 2)},${reading('a', 3)}]`, JSON_HEADERS)).body.accepted, 2)
  assert.equal((await post(`${reading('a', 4)}\n${reading('a', 5)}`, LINES_HEADERS)).body.accepted, 2)
})

test('what is no gzip, or breaks off, is 400', async t => {
  const { url, faults } = await serve(t)
  const whole = gzipSync(reading('a', 1))
  for (const headers of [JSON_HEADERS, LINES_HEADERS])
    for (const body of [Buffer.from(reading('a', 1)), whole.subarray(0, whole.length - 9)])
      assert.equal((await send(`${url}/readings`, body, { ...headers, ...GZIP })).status, 400)
  assert.deepEqual(faults, [])
})

test('a compression bomb is 413 before it takes memory', async t => {
  const { url, engine } = await serve(t, { unfoldRatioMax: 100 })
  const lines = gzipSync(Buffer.alloc(200 * MIB, '\n'))
  const array = gzipSync(`[${' '.repeat(200 * MIB)}]`)
  const before = process.memoryUsage().arrayBuffers
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers)
  }, 1)
  t.after(() => clearInterval(watch))
  for (const headers of [JSON_HEADERS, LINES_HEADERS])
    for (const bomb of [lines, array])
      assert.equal((await send(`${url}/readings`, bomb, { ...headers, ...GZIP })).status, 413)
  assert.ok(most - before < 64 * MIB, `${most - before} bytes more`)
  assert.equal(engine.submissions.length, 0)
})

test('bodies in memory share a budget: beyond it 429, and it comes back', async t => {
  const { url, engine } = await serve(t, { bufferedBytesMax: 1500 })
  const held = gate()
  const taken = gate()
  engine.onSubmit = () => {
    taken.resolve()
    return held.promise
  }
  const first = send(`${url}/readings`, reading('a', 1, 'x'.repeat(800)))
  await taken.promise
  const second = await send(`${url}/readings`, reading('a', 2, 'x'.repeat(800)))
  assert.deepEqual([second.status, second.headers.get('retry-after')], [429, '1'])
  held.resolve()
  assert.equal((await first).status, 200)
  assert.equal((await send(`${url}/readings`, reading('a', 2, 'x'.repeat(800)))).status, 200)
})

test('a large body that is refused early leaves its sender with the answer', async t => {
  const { url } = await serve(t)
  const body = Buffer.alloc(20 * MIB, 'x')
  const answers = await Promise.all([
    send(`${url}/readings`, body),
    send(`${url}/readings`, body, { 'content-type': 'text/plain' }),
    send(`${url}/nowhere`, body),
  ])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [413, 415, 404],
  )
})

test('a length that is announced too large is refused before it comes', async t => {
  const { url, engine } = await serve(t)
  const answer = await send(`${url}/readings`, Buffer.alloc(100 * MIB, '['))
  assert.equal(answer.status, 413)
  assert.equal(engine.submissions.length, 0)
})

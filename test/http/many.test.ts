import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { GroundstationError } from '../../src/errors.ts'
import { gate, JSON_HEADERS, LINES_HEADERS, reading, send, serve } from './serve.ts'

const RECEIPTS = { prefer: 'return=representation' }

/** Resolves when a number has stayed the same over many looks, and isn't what it was at first. */
async function unchanged(look: () => number): Promise<void> {
  for (let same = 0, last = look(); same < 10 || last === 0; ) {
    await delay(10)
    same = look() === last ? same + 1 : 0
    last = look()
  }
}

const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)

test('an array is answered with the sum, and its elements go on as the bytes that they are', async t => {
  const { url, engine } = await serve(t)
  const elements = ['{ "meter":"a" ,"number":1}', '{"meter":"a","number":2.0}', '7', '{"meter":"a","number":1}']
  const { status, body } = await send(`${url}/readings`, `[${elements.join(' ,\n')}]`)
  assert.equal(status, 200)
  assert.deepEqual(body, { accepted: 2, held: 0, duplicate: 0, conflict: 1, rejected: 1 })
  const [only] = engine.submissions
  assert.deepEqual(only?.submission.events.map(String), elements)
  const origin = only?.submission.origin
  assert.deepEqual(typeof origin === 'function' ? origin(2) : origin, { http: '/readings', event: 3 })
  assert.deepEqual((await send(`${url}/readings`, '[]')).body, {
    accepted: 0,
    held: 0,
    duplicate: 0,
    conflict: 0,
    rejected: 0,
  })
})

test('a broken array is refused from where it breaks', async t => {
  const { url } = await serve(t)
  const { status, body } = await send(`${url}/readings`, `[${reading('a', 1)}, ${reading('a', 2)}`)
  assert.equal(status, 200)
  assert.deepEqual([body.accepted, body.rejected], [1, 1])
})

test('receipts come in the order sent, whatever order they become durable in', async t => {
  const { url, engine } = await serve(t)
  const first = gate()
  let submitted = 0
  engine.onSubmit = () => {
    submitted++
    // The first chunk is the last to be stored.
    if (submitted === 1) return first.promise
    if (submitted === 3) first.resolve()
    return Promise.resolve()
  }
  const numbers = Array.from({ length: 6_000 }, (_, index) => index + 1)
  // Nowhere in the pattern of the chunks, so that two that changed places are seen.
  const isBroken = (number: number) => number % 1709 === 7
  const body = numbers.map(number => (isBroken(number) ? 'broken' : reading('a', number))).join('\n')
  const response = await fetch(`${url}/readings`, {
    method: 'POST',
    headers: { ...LINES_HEADERS, ...RECEIPTS },
    body,
  })
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
  assert.equal(response.headers.get('preference-applied'), 'return=representation')
  const receipts = lines(await response.text())
  assert.ok(submitted >= 3)
  assert.deepEqual(receipts.pop(), { done: true, accepted: 5_996, held: 0, duplicate: 0, conflict: 0, rejected: 4 })
  assert.deepEqual(
    receipts.map(({ outcome }) => outcome),
    numbers.map(number => (isBroken(number) ? 'rejected' : 'accepted')),
  )
})

test('a receipt comes as soon as its event is durable, while the stream goes on', async t => {
  const { url } = await serve(t)
  const body = new TransformStream<Uint8Array, Uint8Array>()
  const writer = body.writable.getWriter()
  const answer = fetch(`${url}/readings`, {
    method: 'POST',
    headers: { ...LINES_HEADERS, ...RECEIPTS },
    body: body.readable,
    duplex: 'half',
  } as RequestInit)
  await writer.write(Buffer.from(`${reading('a', 1)}\n`))
  const reader = (await answer).body?.getReader()
  const receipt = await reader?.read()
  assert.equal(Buffer.from(receipt?.value ?? []).toString(), '{"outcome":"accepted"}\n')
  await writer.write(Buffer.from(`${reading('a', 1)}\r\n\n`))
  const second = await reader?.read()
  assert.equal(Buffer.from(second?.value ?? []).toString(), '{"outcome":"duplicate"}\n')
  await writer.close()
  const last = await reader?.read()
  assert.match(Buffer.from(last?.value ?? []).toString(), /^{"done":true,"accepted":1,"held":0,"duplicate":1/)
})

test('what fails before the first receipt has a status; what fails later ends without the last line', async t => {
  const { url, engine } = await serve(t)
  const body = Array.from({ length: 20_000 }, (_, index) => reading('a', index + 1)).join('\n')
  const unreachable = new GroundstationError('STORE_UNREACHABLE', 'gone')
  engine.onSubmit = () => Promise.reject(unreachable)
  for (const headers of [LINES_HEADERS, { ...LINES_HEADERS, ...RECEIPTS }])
    assert.equal((await send(`${url}/readings`, body, headers)).status, 503)
  let submitted = 0
  engine.onSubmit = () => (++submitted < 3 ? Promise.resolve() : Promise.reject(unreachable))
  const response = await fetch(`${url}/readings`, { method: 'POST', headers: { ...LINES_HEADERS, ...RECEIPTS }, body })
  assert.equal(response.status, 200)
  let received = ''
  await assert.rejects(async () => {
    for await (const chunk of response.body ?? []) received += Buffer.from(chunk).toString()
  })
  assert.match(received, /accepted/)
  assert.doesNotMatch(received, /done/)
})

test('a stream waits for room, and is read no faster than it is stored', async t => {
  const { url, engine } = await serve(t)
  const room = gate()
  engine.onRoom = () => room.promise
  const line = Buffer.from(`${reading('a', 1, 'x'.repeat(100_000))}\n`)
  let pulled = 0
  const body = new ReadableStream({
    pull(controller) {
      if (++pulled > 500) controller.close()
      else controller.enqueue(line)
    },
  })
  const answer = send(`${url}/readings`, body, LINES_HEADERS)
  await unchanged(() => pulled)
  assert.ok(pulled < 400, `${pulled} of 500 lines were read while nothing was stored`)
  room.resolve()
  assert.deepEqual((await answer).body, { accepted: 1, held: 0, duplicate: 499, conflict: 0, rejected: 0 })
})

test('an array that finds the queue full is told so; what was taken of it in part waits for the rest', async t => {
  const { url, engine } = await serve(t)
  const array = JSON.stringify(Array.from({ length: 5_000 }, (_, index) => ({ meter: 'a', number: index + 1 })))
  engine.onSubmit = () => Promise.reject(new GroundstationError('BUSY', 'full'))
  const refused = await send(`${url}/readings`, array)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
  let submitted = 0
  engine.onSubmit = () =>
    ++submitted === 2 ? Promise.reject(new GroundstationError('BUSY', 'full')) : Promise.resolve()
  assert.equal((await send(`${url}/readings`, array, JSON_HEADERS)).body.accepted, 5_000)
})

test('chunks keep their order, also where the room of one was somebody else’s first', async t => {
  const { url, engine } = await serve(t)
  const numbers = Array.from({ length: 20_000 }, (_, index) => JSON.stringify({ text: String(index) }))
  let submitted = 0
  engine.onSubmit = () => {
    submitted++
    return [2, 3, 6].includes(submitted) ? Promise.reject(new GroundstationError('BUSY', 'full')) : Promise.resolve()
  }
  for (const [headers, body] of [
    [LINES_HEADERS, numbers.join('\n')],
    [JSON_HEADERS, `[${numbers.slice(0, 10_000).join()}]`],
  ] as const) {
    submitted = 0
    engine.submissions.length = 0
    assert.equal((await send(`${url}/notes`, body, headers)).status, 200)
    assert.ok(submitted > 6)
    const stored = engine.submissions.flatMap(({ submission }) => submission.events.map(String))
    assert.ok(stored.join() === numbers.slice(0, stored.length).join(), 'the order is another')
  }
})

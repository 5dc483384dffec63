import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GroundstationError } from '../../src/errors.ts'
import { JSON_HEADERS, LINES_HEADERS, reading, type Served, send, serve } from './serve.ts'

const note = (text: string) => JSON.stringify({ text })
const notes = (count: number) => Array.from({ length: count }, (_, index) => note(`n${index}`))
const withKey = (headers: Record<string, string>, key = 'k1') => ({ ...headers, 'idempotency-key': key })
const stored = ({ engine }: Served) => engine.submissions.flatMap(({ submission }) => submission.events.map(String))

test('events without an identity: the same key again adds nothing, with another body it is 409', async t => {
  const served = await serve(t)
  const url = `${served.url}/notes`
  const one = (body: string) => send(url, body, withKey(JSON_HEADERS))
  assert.deepEqual((await one(note('a'))).body, { outcome: 'accepted' })
  assert.deepEqual((await one(note('a'))).body, { outcome: 'duplicate' })
  for (const other of [note('b'), `[${note('a')},${note('b')}]`, `[${note('b')}]`]) {
    const { status, body } = await one(other)
    assert.deepEqual([status, body.type], [409, 'urn:groundstation:idempotency-conflict'], other)
  }
  assert.deepEqual(stored(served), [note('a')])
})

test('a stream that broke goes on where it was stored to, and not a row more', async t => {
  const served = await serve(t)
  const url = `${served.url}/notes`
  const body = notes(9_000).join('\n')
  let submitted = 0
  served.engine.onSubmit = () =>
    ++submitted === 3 ? Promise.reject(new GroundstationError('STORE_UNREACHABLE', 'gone')) : Promise.resolve()
  assert.equal((await send(url, body, withKey(LINES_HEADERS))).status, 503)
  const before = stored(served).length
  assert.ok(before > 0 && before < 9_000)
  const again = await send(url, body, withKey(LINES_HEADERS))
  assert.deepEqual([again.body.duplicate, again.body.accepted], [before, 9_000 - before])
  assert.deepEqual(stored(served), notes(9_000))
  const third = await send(url, body, withKey(LINES_HEADERS))
  assert.equal(third.body.duplicate, 9_000)
})

test('another body with the key of one that broke is 409, shorter, longer or different', async t => {
  const served = await serve(t)
  const url = `${served.url}/notes`
  const whole = notes(5_000)
  assert.equal((await send(url, whole.join('\n'), withKey(LINES_HEADERS))).status, 200)
  for (const other of [whole.slice(0, -1), [...whole, note('more')], [note('first'), ...whole.slice(1)]])
    for (const prefer of ['return=minimal', 'return=representation']) {
      const answer = await send(url, other.join('\n'), { ...withKey(LINES_HEADERS), prefer })
      assert.equal(answer.status, 409, `${other.length} ${prefer}`)
    }
  assert.equal(stored(served).length, 5_000)
})

test('what was refused the first time is refused again, and never called a duplicate', async t => {
  const { url } = await serve(t)
  const body = `[${note('a')},{"text":1},${note('b')}]`
  const first = await send(`${url}/notes`, body, withKey(JSON_HEADERS))
  assert.deepEqual([first.body.accepted, first.body.rejected], [2, 1])
  const again = await send(`${url}/notes`, body, withKey(JSON_HEADERS))
  assert.deepEqual([again.body.duplicate, again.body.rejected], [2, 1])
  assert.equal((await send(`${url}/notes`, '{"text":1}', withKey(JSON_HEADERS, 'k2'))).status, 400)
  assert.equal((await send(`${url}/notes`, '{"text":1}', withKey(JSON_HEADERS, 'k2'))).status, 400)
})

test('the same bytes cut elsewhere are another body', async t => {
  const { url } = await serve(t)
  assert.equal((await send(`${url}/notes`, '1\n23', withKey(LINES_HEADERS))).status, 200)
  assert.equal((await send(`${url}/notes`, '12\n3', withKey(LINES_HEADERS))).status, 409)
})

test('events that carry their identity: another body with the key is 409, before or after it is handled', async t => {
  const { url, engine } = await serve(t)
  const post = (body: string, headers: Record<string, string>) => send(`${url}/readings`, body, withKey(headers))
  assert.deepEqual((await post(reading('a', 1), JSON_HEADERS)).body, { outcome: 'accepted' })
  assert.deepEqual((await post(reading('a', 1), JSON_HEADERS)).body, { outcome: 'duplicate' })
  assert.equal(engine.submissions.length, 2)
  assert.equal((await post(reading('a', 2), JSON_HEADERS)).status, 409)
  assert.equal((await post(`[${reading('a', 2)}]`, JSON_HEADERS)).status, 409)
  assert.equal(engine.submissions.length, 2)
  const streamed = await post(reading('a', 3), LINES_HEADERS)
  assert.equal(streamed.status, 409)
  assert.match(String(streamed.body.detail), /handled all the same/)
  assert.equal(engine.submissions.length, 3)
  assert.equal((await post(reading('a', 1), LINES_HEADERS)).body.duplicate, 1)
})

test('a key is 1 to 255 printable characters', async t => {
  const { url, engine } = await serve(t)
  for (const key of ['', 'x'.repeat(256), 'a\tb', 'é'])
    assert.equal((await send(`${url}/notes`, note('a'), withKey(JSON_HEADERS, key))).status, 400, key)
  assert.equal(engine.submissions.length, 0)
  for (const key of ['x'.repeat(255), '"quoted; a=1"', '8e03978e-40d5-43e8-bc93-6894a57f9324'])
    assert.equal((await send(`${url}/notes`, note('a'), withKey(JSON_HEADERS, key))).status, 200, key)
})

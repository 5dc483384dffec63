import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channel, faster, launched } from './rocket.ts'
import { send, serve } from './serve.ts'

const served = await serve()
const { url } = served
const detection = (year: number) => JSON.stringify({ Year: year, Make: 'Volvo', Model: 'XC60', Category: 'SUV' })
const post = (body: string, key: string, type = 'application/json') =>
  send(`${url}/feeds/detections/events`, body, { 'content-type': type, 'idempotency-key': key, ...served.as.writer })
const stored = async () => (await served.rows('select count(*) as count from detections'))[0]?.count

test('with a key, the same post again adds not a row; another body is 409', async () => {
  const array = `[${detection(2001)},${detection(2001)},{"Year":1}]`
  const first = await post(array, 'a')
  assert.deepEqual([first.body.accepted, first.body.rejected], [2, 1])
  const again = await post(array, 'a')
  assert.deepEqual([again.body.duplicate, again.body.rejected, again.body.accepted], [2, 1, 0])
  for (const other of [detection(2001), `[${detection(2001)}]`, `[${detection(2001)},${detection(2002)}]`])
    assert.equal((await post(other, 'a')).status, 409)
  assert.equal(await stored(), 2)
  assert.deepEqual((await post(detection(1999), 'b')).body, { outcome: 'accepted' })
  assert.deepEqual((await post(detection(1999), 'b')).body, { outcome: 'duplicate' })
  assert.equal(await stored(), 3)
})

test('twenty posts of a stream with one key at once: each event once', async () => {
  const lines = Array.from({ length: 5_000 }, (_, index) => detection(index)).join('\n')
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(lines, 'c', 'application/x-ndjson')))
  for (const { status } of answers) assert.ok(status === 200 || status === 409, String(status))
  const last = await post(lines, 'c', 'application/x-ndjson')
  assert.deepEqual([last.status, (last.body.accepted as number) + (last.body.duplicate as number)], [200, 5_000])
  assert.equal(await stored(), 5_003)
})

test('events with an identity: the key tells another body, and repeats are found without it', async () => {
  const messages = (body: string) =>
    send(`${url}/messages`, body, { 'content-type': 'application/json', 'idempotency-key': 'd' })
  const key = channel(1)
  assert.deepEqual((await messages(launched(key, 1))).body, { outcome: 'accepted' })
  assert.deepEqual((await messages(launched(key, 1))).body, { outcome: 'duplicate' })
  assert.equal((await messages(faster(key, 2))).status, 409)
  assert.equal((await send(`${url}/messages`, faster(key, 2))).body.outcome, 'accepted')
  assert.deepEqual(served.faults, [])
})

test('twenty posts of one event at once: one is accepted', async () => {
  const event = launched(channel(2), 1)
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(`${url}/messages`, event)))
  const outcomes = answers.map(({ body }) => String(body.outcome)).sort()
  assert.deepEqual(outcomes, ['accepted', ...new Array(19).fill('duplicate')])
})

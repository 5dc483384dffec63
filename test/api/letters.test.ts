import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channel, faster, launched } from './rocket.ts'
import { get, type List, send, serve } from './serve.ts'

const served = await serve()
const { url } = served
const letters = `${url}/feeds/rockets/dead-letters`

async function refused(event: string | Uint8Array<ArrayBuffer>): Promise<number> {
  const { status, body } = await send(`${url}/messages`, event)
  assert.equal(status, 400)
  return Number(body.deadLetter)
}

test('a letter tells the rule, the place, where it came from, and how often', async () => {
  const event = faster(channel(1), 2, -5)
  const id = await refused(event)
  assert.equal(await refused(event), id)
  const { status, body } = await get(`${letters}/${id}`)
  assert.equal(status, 200)
  const { firstAt, lastAt, ...rest } = body
  assert.ok(String(firstAt) < String(lastAt))
  assert.deepEqual(rest, {
    id,
    reason: 'schema',
    message: 'must be > 0',
    pointer: '/message/by',
    key: channel(1),
    sequence: 2,
    source: { http: '/messages' },
    count: 2,
    status: 'open',
    raw: event,
    encoding: 'utf-8',
  })
  const listed = await get<List>(`${letters}?key=${channel(1)}`)
  assert.deepEqual(listed.body.data, [body])
})

test('bytes that are no text come back as base64', async () => {
  const bytes = Uint8Array.of(0x7b, 0xff, 0x00, 0x7d)
  const { body } = await get(`${letters}/${await refused(bytes)}`)
  assert.deepEqual(
    [body.raw, body.encoding, body.reason],
    [Buffer.from(bytes).toString('base64'), 'base64', 'encoding'],
  )
})

test('corrected, an event goes to its place; tried dry, nothing changes; still wrong, it stays', async () => {
  const key = channel(2)
  await send(`${url}/messages`, launched(key, 1))
  const id = await refused(faster(key, 2, -5))
  await send(`${url}/messages`, faster(key, 3, 30))
  const replay = `${letters}/${id}/replay`
  const wrong = await send(replay, faster(key, 2, 0))
  assert.deepEqual([wrong.status, wrong.body.deadLetter, wrong.body.pointer], [400, id, '/message/by'])
  const before = await served.rows('select count(*) as count from groundstation.dead_letters')
  const unchanged = await send(replay)
  assert.equal(unchanged.status, 400)
  const dry = await send(`${replay}?dry=true`, faster(key, 2, 7))
  assert.deepEqual([dry.status, dry.body], [200, { outcome: 'accepted' }])
  assert.equal((await get(`${url}/rockets/${key}`)).body.speed, 500)
  assert.equal((await get(`${letters}/${id}`)).body.status, 'open')
  const replayed = await send(replay, faster(key, 2, 7))
  assert.deepEqual([replayed.status, replayed.body], [200, { outcome: 'accepted' }])
  assert.equal((await get(`${url}/rockets/${key}`)).body.speed, 537)
  assert.equal((await get(`${letters}/${id}`)).body.status, 'replayed')
  assert.deepEqual(await served.rows('select count(*) as count from groundstation.dead_letters'), before)
  const again = await send(replay, faster(key, 2, 7))
  assert.deepEqual([again.status, again.body.type], [409, 'urn:groundstation:closed'])
  assert.equal((await send(`${letters}/${id}`, undefined, {}, 'DELETE')).status, 409)
})

test('dismissed, a letter frees what waits for its number', async () => {
  const key = channel(3)
  const id = await refused(faster(key, 1, -5))
  await send(`${url}/messages`, faster(key, 2, 30))
  const gaps = await get<List>(`${url}/feeds/rockets/gaps?key=${key}`)
  assert.deepEqual([gaps.body.data[0]?.from, gaps.body.data[0]?.deadLetter], [1, id])
  const dismissed = await send(`${letters}/${id}`, undefined, {}, 'DELETE')
  assert.deepEqual([dismissed.status, dismissed.text], [204, ''])
  const { body } = await get(`${url}/rockets/${key}`)
  assert.deepEqual([body.messageNumber, body.speed, body.complete], [2, 30, true])
  assert.equal((await send(`${letters}/${id}`, undefined, {}, 'DELETE')).status, 409)
  assert.equal((await get<List>(`${letters}?key=${key}`)).body.data.length, 0)
  assert.equal((await get<List>(`${letters}?key=${key}&status=dismissed`)).body.data.length, 1)
  assert.equal((await get<List>(`${letters}?key=${key}&status=all`)).body.data.length, 1)
})

test('many who dismiss a letter at once dismiss it once', async () => {
  const key = channel(4)
  const id = await refused(faster(key, 1, -5))
  const answers = await Promise.all(Array.from({ length: 8 }, () => send(`${letters}/${id}`, undefined, {}, 'DELETE')))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 409, 409, 409, 409, 409, 409, 409])
  assert.equal((await get(`${letters}/${id}`)).body.status, 'dismissed')
  assert.equal((await send(`${url}/messages`, faster(key, 2))).body.outcome, 'accepted')
})

test('a conflict is a letter; the first event stays', async () => {
  const key = channel(5)
  await send(`${url}/messages`, launched(key, 1))
  const conflict = await send(`${url}/messages`, launched(key, 1, 'Other'))
  assert.equal(conflict.status, 409)
  const { body } = await get(`${letters}/${conflict.body.deadLetter}`)
  assert.deepEqual([body.reason, body.key, body.sequence], ['conflict', key, 1])
  assert.equal((await send(`${letters}/${conflict.body.deadLetter}/replay`)).status, 409)
  assert.equal((await get(`${url}/rockets/${key}`)).body.type, 'Falcon-9')
})

test('what is asked wrongly is told so', async () => {
  for (const id of ['0', 'x', '-1', '99999999999999999999', '1e3', '%00']) {
    assert.equal((await get(`${letters}/${id}`)).status, 404, id)
    assert.equal((await send(`${letters}/${id}`, undefined, {}, 'DELETE')).status, 404, id)
    assert.equal((await send(`${letters}/${id}/replay`)).status, 404, id)
  }
  const id = await refused('nothing')
  assert.equal((await send(`${letters}/${id}/replay?dry=yes`)).status, 400)
  assert.equal((await send(`${letters}/${id}/replay`, '{}', { 'content-type': 'text/plain' })).status, 415)
  assert.equal((await get(`${letters}?status=closed`)).status, 400)
  assert.deepEqual(served.faults, [])
})

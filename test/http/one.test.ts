import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GroundstationError } from '../../src/errors.ts'
import { JSON_HEADERS, reading, send, serve } from './serve.ts'

test('one event is answered with its outcome', async t => {
  const { url } = await serve(t)
  const first = await send(`${url}/readings`, reading('a', 1))
  assert.deepEqual([first.status, first.body], [200, { outcome: 'accepted' }])
  assert.equal(first.headers.get('content-type'), 'application/json; charset=utf-8')
  assert.equal(first.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(first.headers.get('cache-control'), 'no-store')
  const again = await send(`${url}/feeds/readings/events`, reading('a', 1))
  assert.deepEqual([again.status, again.body], [200, { outcome: 'duplicate' }])
})

test('an event that holds and one that conflicts are told so', async t => {
  const { url, engine } = await serve(t)
  await send(`${url}/readings`, reading('a', 1, 'x'))
  const conflict = await send(`${url}/readings`, reading('a', 1, 'y'))
  assert.equal(conflict.status, 409)
  assert.equal(conflict.headers.get('content-type'), 'application/problem+json')
  assert.equal(conflict.body.outcome, 'conflict')
  assert.equal(conflict.body.deadLetter, 1)
  engine.submit = async () => [{ outcome: 'held', waitingFor: 3 }]
  const held = await send(`${url}/readings`, reading('a', 5))
  assert.deepEqual([held.status, held.body], [200, { outcome: 'held', waitingFor: 3 }])
})

test('a rejected event is a problem that says which rule, where, and which dead letter', async t => {
  const { url } = await serve(t)
  const { status, headers, body } = await send(`${url}/readings`, '{"meter":"a","number":0}')
  assert.equal(status, 400)
  assert.equal(headers.get('content-type'), 'application/problem+json')
  assert.deepEqual(body, {
    type: 'urn:groundstation:rejected',
    title: 'Bad Request',
    status: 400,
    detail: '/number must be >= 1.',
    outcome: 'rejected',
    reason: 'schema',
    pointer: '/number',
    deadLetter: 1,
  })
})

test('the engine gets the bytes as they were posted', async t => {
  const { url, engine } = await serve(t)
  const bytes = '  {"number" : 1.0e0,\n "meter":"\\u00e9", "value": 0.10, "more": null }\n'
  await send(`${url}/readings`, bytes)
  assert.equal(engine.submissions[0]?.submission.events[0]?.toString(), bytes)
  assert.deepEqual(engine.submissions[0]?.submission.origin, { http: '/readings' })
})

test('each error of the engine has its status, and a 5xx tells nothing of the inside', async t => {
  const { url, engine, faults } = await serve(t)
  const cases = [
    ['BUSY', 429, '1'],
    ['STORE_UNREACHABLE', 503, '1'],
    ['OUTCOME_UNKNOWN', 503, '1'],
    ['STOPPING', 503, '1'],
    ['DECLARATION_OLDER', 503, '1'],
    ['SOURCE_CONFLICT', 409, null],
    ['INTERNAL', 500, null],
  ] as const
  for (const [code, status, retryAfter] of cases) {
    engine.onSubmit = () => Promise.reject(new GroundstationError(code, 'secret 10.1.2.3'))
    const answer = await send(`${url}/readings`, reading('a', 1))
    assert.equal(answer.status, status, code)
    assert.equal(answer.headers.get('retry-after'), retryAfter, code)
    if (status >= 500) assert.doesNotMatch(JSON.stringify(answer.body), /secret/, code)
  }
  engine.onSubmit = () => Promise.reject(new TypeError('secret of a bug'))
  const answer = await send(`${url}/readings`, reading('a', 1))
  assert.equal(answer.status, 500)
  assert.doesNotMatch(JSON.stringify(answer.body), /secret/)
  assert.deepEqual(faults, ['secret 10.1.2.3', 'secret of a bug'])
})

test('what is neither JSON nor NDJSON in UTF-8 is refused, and so is nothing', async t => {
  const { url, engine } = await serve(t)
  const body = reading('a', 1)
  for (const type of ['text/plain', 'application/xml', 'application/json; charset=latin1', 'application/jsonx', 'x'])
    assert.equal((await send(`${url}/readings`, body, { 'content-type': type })).status, 415, type)
  const untyped = await send(`${url}/readings`, new Blob([body]), {})
  assert.equal(untyped.status, 415)
  for (const coding of ['br', 'deflate', 'gzip, gzip'])
    assert.equal(
      (await send(`${url}/readings`, body, { ...JSON_HEADERS, 'content-encoding': coding })).status,
      415,
      coding,
    )
  for (const empty of ['', ' \n\t\r']) assert.equal((await send(`${url}/readings`, empty)).status, 400)
  assert.equal(engine.submissions.length, 0)
  for (const type of ['application/json; charset=UTF-8', 'Application/JSON;charset="utf-8"'])
    assert.equal((await send(`${url}/readings`, body, { 'content-type': type })).status, 200, type)
})

test('what no route takes is a problem as well', async t => {
  const { url } = await serve(t)
  const unknown = await send(`${url}/nowhere`, reading('a', 1))
  assert.equal(unknown.status, 404)
  assert.equal(unknown.headers.get('content-type'), 'application/problem+json')
  const wrong = await fetch(`${url}/readings`)
  assert.equal(wrong.status, 405)
  assert.equal(wrong.headers.get('allow'), 'POST')
  assert.equal(wrong.headers.get('content-type'), 'application/problem+json')
  const undecodable = await fetch(`${url}/readings/%ff`)
  assert.ok(undecodable.status === 400 || undecodable.status === 404)
  assert.equal(undecodable.headers.get('content-type'), 'application/problem+json')
})

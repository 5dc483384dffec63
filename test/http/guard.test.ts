import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createServer } from '../../src/api/server.ts'
import { GroundstationError } from '../../src/errors.ts'
import { head, rawConnection } from './raw-connection.ts'
import { gate, JSON_HEADERS, LINES_HEADERS, reading, send, serve } from './serve.ts'

test('bound to loopback, only names of it are answered to', async t => {
  const { port } = await serve(t)
  const ask = async (host: string) => {
    const connection = await rawConnection(t, port)
    connection.write(`GET /health/live HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
    return Number((await connection.ended).split(' ')[1])
  }
  for (const host of ['localhost', `127.0.0.1:${port}`, 'LOCALHOST:1', '[::1]:8088']) assert.equal(await ask(host), 200)
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', ''])
    assert.equal(await ask(host), 421, host)
})

test('a page of another site may not post, whatever it calls its body', async t => {
  const { url, engine } = await serve(t)
  const post = (headers: Record<string, string>) =>
    send(`${url}/readings`, reading('a', 1), { ...JSON_HEADERS, ...headers })
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example' },
    { origin: 'null' },
  ])
    assert.equal((await post(headers as Record<string, string>)).status, 403)
  assert.equal(engine.submissions.length, 0)
  assert.equal((await post({ origin: url })).status, 200)
  assert.equal((await post({ 'sec-fetch-site': 'same-origin', origin: url })).status, 200)
  const preflight = await fetch(`${url}/readings`, { method: 'OPTIONS', headers: { origin: 'http://evil.example' } })
  assert.equal(preflight.headers.get('access-control-allow-origin'), null)
  assert.equal(preflight.status, 405)
})

test('a body that nobody reads ends its connection', async t => {
  const { port } = await serve(t)
  const connection = await rawConnection(t, port)
  connection.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\nxx')
  assert.match(await connection.ended, /^HTTP\/1.1 200 /)
})

test('closing finishes what is being answered, and refuses what comes', async t => {
  const { url, port, engine, close } = await serve(t)
  const held = gate()
  const taken = gate()
  engine.onSubmit = () => {
    taken.resolve()
    return held.promise
  }
  const kept = await rawConnection(t, port)
  kept.write(head('/readings', 'content-type: application/json', 'content-length: 200'))
  const answer = send(`${url}/readings`, reading('a', 1))
  await taken.promise
  const closed = close()
  held.resolve()
  assert.deepEqual((await answer).body, { outcome: 'accepted' })
  kept.write(reading('a', 2).padEnd(200))
  assert.match(await kept.until('outcome'), /accepted/)
  await closed
  await assert.rejects(fetch(url))
})

test('closing ends streams between two chunks, and cuts what takes too long', async t => {
  const { url, port, engine, close, faults } = await serve(t, { closeMsMax: 300 })
  const flowing = gate()
  engine.onSubmit = async () => flowing.resolve()
  const line = Buffer.from(`${reading('a', 1)}\n`.repeat(1000))
  const body = new ReadableStream({ pull: controller => controller.enqueue(line) })
  const stream = send(`${url}/readings`, body, LINES_HEADERS)
  const silent = await rawConnection(t, port)
  silent.write(`${head('/readings', 'content-type: application/json', 'content-length: 200')}{`)
  await flowing.promise
  const closed = close()
  const outcome = await stream.then(
    ({ status }) => status,
    () => 'cut',
  )
  assert.ok(outcome === 503 || outcome === 'cut')
  await closed
  await silent.ended
  assert.deepEqual(faults, [])
})

test('the database gone, a list is 503; a bug is 500; neither says a word of the inside', async t => {
  const served = await serve(t)
  for (const [error, status, retryAfter] of [
    [new GroundstationError('STORE_UNREACHABLE', 'secret 10.1.2.3'), 503, '1'],
    [new Error('secret of a bug'), 500, null],
  ] as const) {
    served.queryError = error
    const response = await fetch(`${served.url}/feeds`)
    assert.equal(response.status, status)
    assert.equal(response.headers.get('retry-after'), retryAfter)
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    assert.doesNotMatch(await response.text(), /secret/)
  }
  assert.deepEqual(served.faults, ['secret of a bug'])
})

test('a process without the api takes events and answers nothing else, and the other way round', async t => {
  const { engine } = await serve(t)
  const statuses = async (role: 'gateway' | 'api') => {
    const server = await createServer({
      engine,
      feeds: engine.feeds,
      query: async () => ({ rows: [] }),
      log: { error: () => undefined, info: () => undefined },
      version: '0.0.0',
      roles: [role],
    })
    t.after(() => server.close())
    const { address } = await server.listen({ host: '127.0.0.1', port: 0 })
    const posted = await send(`${address}/readings`, reading('a', 1))
    return [posted.status, (await fetch(`${address}/feeds`)).status, (await fetch(`${address}/health/live`)).status]
  }
  assert.deepEqual(await statuses('gateway'), [200, 404, 200])
  assert.deepEqual(await statuses('api'), [404, 200, 200])
})

test('a port that is taken is told with words', async t => {
  const { port, engine } = await serve(t)
  const other = await createServer({
    engine,
    feeds: engine.feeds,
    query: () => Promise.reject(new Error('none')),
    log: { error: () => undefined, info: () => undefined },
    version: '0.0.0',
  })
  t.after(() => other.close())
  await assert.rejects(other.listen({ host: '127.0.0.1', port }), {
    code: 'PORT_TAKEN',
    message: /choose another port/,
  })
})

test('thousands of connections, one a message, most of them left open', async t => {
  const { port } = await serve(t, { connectionsMax: 100, keepAliveMs: 60_000 })
  let accepted = 0
  for (let batch = 0; batch < 40; batch++) {
    await Promise.all(
      Array.from({ length: 25 }, async (_, index) => {
        const body = reading('a', batch * 25 + index + 1)
        const connection = await rawConnection(t, port)
        connection.write(
          `${head('/readings', 'content-type: application/json', `content-length: ${body.length}`)}${body}`,
        )
        await connection.until('{"outcome":"accepted"}')
        accepted++
      }),
    )
  }
  assert.equal(accepted, 1000)
})

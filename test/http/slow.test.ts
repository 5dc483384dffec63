import assert from 'node:assert/strict'
import { test } from 'node:test'
import { head, rawConnection } from './raw-connection.ts'
import { reading, send, serve } from './serve.ts'

const JSON_TYPE = 'content-type: application/json'
const LINES_TYPE = 'content-type: application/x-ndjson'

test('headers that never end are 408', async t => {
  const { port } = await serve(t, { headersMsMax: 100 })
  const connection = await rawConnection(t, port)
  connection.write('POST /readings HTTP/1.1\r\nhost: localhost\r\nx-slow: ')
  const answer = await connection.ended
  assert.match(answer, /^HTTP\/1.1 408 /)
  assert.match(answer, /application\/problem\+json/)
})

test('a body that never ends is 408, whole or streamed', async t => {
  const { port, engine } = await serve(t, { bodyMsMax: 100, idleMsMax: 100 })
  for (const type of [JSON_TYPE, LINES_TYPE]) {
    const connection = await rawConnection(t, port)
    connection.write(`${head('/readings', type, 'content-length: 100')}{"meter":`)
    const answer = await connection.ended
    assert.match(answer, /^HTTP\/1.1 408 /, type)
    assert.match(answer, /connection: close/i, type)
  }
  assert.equal(engine.submissions.length, 0)
})

test('a stream may take as long as it likes as long as something comes, and as the engine takes', async t => {
  const { port, engine } = await serve(t, { bodyMsMax: 50, idleMsMax: 150 })
  const connection = await rawConnection(t, port)
  connection.write(head('/readings', LINES_TYPE, 'transfer-encoding: chunked', 'prefer: return=representation'))
  const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
  for (let number = 1; number <= 3; number++) {
    // Longer than a body that is read whole may take, and our own time doesn't count.
    engine.onSubmit = () => new Promise(resolve => setTimeout(resolve, 60))
    connection.write(chunk(`${reading('a', number)}\n`))
    await connection.until('{"outcome":"accepted"}\n'.repeat(1))
  }
  connection.write('0\r\n\r\n')
  assert.match(await connection.until('"done":true'), /"accepted":3/)
})

test('who reads no receipts is cut off, and what it holds is let go', async t => {
  const { port, engine } = await serve(t, { idleMsMax: 200 })
  const connection = await rawConnection(t, port)
  connection.socket.pause()
  connection.write(head('/readings', LINES_TYPE, 'transfer-encoding: chunked', 'prefer: return=representation'))
  const text = `${reading('a', 1)}\n`.repeat(20_000)
  const chunk = `${text.length.toString(16)}\r\n${text}\r\n`
  const cut = new Promise<void>(resolve => connection.socket.once('error', () => resolve()))
  const isCut = { value: false }
  void cut.then(() => {
    isCut.value = true
  })
  while (!isCut.value) {
    const flushed = new Promise<void>(resolve => connection.socket.write(chunk, () => resolve()))
    await Promise.race([flushed, cut])
  }
  const stored = engine.submissions.length
  await new Promise(resolve => setImmediate(resolve))
  assert.ok(engine.submissions.length - stored <= 1)
})

test('Expect: 100-continue is told to go on', async t => {
  const { port } = await serve(t)
  const connection = await rawConnection(t, port)
  const body = reading('a', 1)
  connection.write(head('/readings', JSON_TYPE, `content-length: ${body.length}`, 'expect: 100-continue'))
  await connection.until('HTTP/1.1 100 Continue')
  connection.write(body)
  await connection.until('{"outcome":"accepted"}')
})

test('a length that lies short: the request is answered, and what follows it ends the connection', async t => {
  const { port, engine } = await serve(t)
  const connection = await rawConnection(t, port)
  const body = reading('a', 1)
  connection.write(`${head('/readings', JSON_TYPE, `content-length: ${body.length}`)}${body}{"more":1}`)
  const answer = await connection.ended
  assert.match(answer, /^HTTP\/1.1 200 /)
  assert.equal(answer.match(/HTTP\/1.1/g)?.length, 1)
  assert.equal(engine.submissions.length, 1)
})

test('a request with two lengths, or a length and chunks, is 400', async t => {
  const { port, engine } = await serve(t)
  for (const headers of [
    ['content-length: 5', 'content-length: 6'],
    ['content-length: 5', 'transfer-encoding: chunked'],
  ]) {
    const connection = await rawConnection(t, port)
    connection.write(`${head('/readings', JSON_TYPE, ...headers)}0\r\n\r\n`)
    assert.match(await connection.ended, /^HTTP\/1.1 400 /)
  }
  const other = await rawConnection(t, port)
  other.write('what is this\r\n\r\n')
  assert.match(await other.ended, /^HTTP\/1.1 400 /)
  const large = await rawConnection(t, port)
  large.write(head('/readings', `x-large: ${'x'.repeat(20_000)}`))
  assert.match(await large.ended, /^HTTP\/1.1 431 /)
  assert.equal(engine.submissions.length, 0)
})

test('who leaves within a body leaves nothing behind, reset or ended', async t => {
  const { url, port, engine, faults } = await serve(t, { bufferedBytesMax: 3_000 })
  const part = reading('a', 1, 'x'.repeat(1_000))
  for (let index = 0; index < 20; index++)
    for (const type of [JSON_TYPE, LINES_TYPE]) {
      const connection = await rawConnection(t, port)
      connection.write(`${head('/readings', type, 'content-length: 9000')}${part}`)
      if (index % 2 === 0) connection.socket.resetAndDestroy()
      else connection.socket.end()
      await connection.ended
    }
  const answer = await send(`${url}/readings`, part)
  assert.equal(answer.status, 200, 'the memory of those that left is free again')
  assert.equal(engine.submissions.filter(({ submission }) => submission.events.length > 0).length, 1)
  assert.deepEqual(faults, [])
})

test('who leaves while the stream waits for room is let go', async t => {
  const { port, engine, faults } = await serve(t)
  const asked = Promise.withResolvers<AbortSignal | undefined>()
  engine.onRoom = signal => {
    asked.resolve(signal)
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('left'))))
  }
  const connection = await rawConnection(t, port)
  const body = `${reading('a', 1)}\n`
  connection.write(`${head('/readings', LINES_TYPE, `content-length: ${body.length}`)}${body}`)
  const signal = await asked.promise
  const left = new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve()))
  connection.socket.resetAndDestroy()
  await left
  assert.equal(engine.submissions.length, 0)
  assert.deepEqual(faults, [])
})

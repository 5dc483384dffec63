import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { defineFeed, env, github, http, standardWebhooks, stripe, Type } from 'groundstation'
import { compileFeed } from '../../src/feed/compile.ts'
import type { Signature } from '../../src/feed/signature.ts'
import type { Limits } from '../../src/sources/http/limits.ts'
import { head, rawConnection } from './raw-connection.ts'
import { JSON_HEADERS, LINES_HEADERS, send, serve } from './serve.ts'
import { asGithub, asStandard, asStripe, type SignedHeaders } from './sign.ts'

const OLD = 'the-secret-of-last-year-0123'
const NEW = 'the-secret-of-this-year-4567'
const STANDARD = `whsec_${Buffer.from(NEW).toString('base64')}`
const SETTINGS = new Map([
  ['HUB_SECRETS', `${OLD}, ${NEW}`],
  ['PAY_SECRETS', NEW],
  ['STANDARD_SECRETS', STANDARD],
])

const feedWith = (name: string, signature: Signature, idempotencyKey?: string) =>
  compileFeed(
    defineFeed({
      name,
      source: http({ path: `/${name}`, signature, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) }),
      event: Type.Object({ text: Type.String() }),
      identity: { position: true },
    }).declaration,
    SETTINGS,
  )

const served = (t: TestContext, limits: Partial<Limits> = {}) =>
  serve(t, limits, [
    feedWith('hub', github({ secrets: env('HUB_SECRETS', '') }), 'X-GitHub-Delivery'),
    feedWith('pay', stripe({ secrets: env('PAY_SECRETS', '') })),
    feedWith('standard', standardWebhooks({ secrets: env('STANDARD_SECRETS', '') }), 'webhook-id'),
    feedWith('unset', github({ secrets: env('UNSET_SECRETS', '') })),
  ])

const BODY = '{"text":"a"}'
const hub = (signed: SignedHeaders, delivery = 'd1') => ({ ...JSON_HEADERS, ...signed, 'x-github-delivery': delivery })
const post = async (url: string, body: string | Buffer, headers: Record<string, string>) => {
  const { status, body: told, headers: answered } = await send(url, body as never, headers)
  return { status, told, answered }
}

test('a signed post is taken, with either of two secrets, on both of the feed’s paths', async t => {
  const { url, engine } = await served(t)
  assert.deepEqual((await post(`${url}/hub`, BODY, hub(asGithub(BODY, OLD)))).told, { outcome: 'accepted' })
  assert.deepEqual((await post(`${url}/hub`, BODY, hub(asGithub(BODY, NEW), 'd2'))).told, { outcome: 'accepted' })
  const general = `${url}/feeds/hub/events`
  assert.equal((await post(general, BODY, hub(asGithub(BODY, NEW), 'd3'))).status, 200)
  assert.equal((await post(general, BODY, hub({}, 'd4'))).status, 401)
  assert.equal((await post(`${url}/pay`, BODY, { ...JSON_HEADERS, ...asStripe(BODY, NEW) })).status, 200)
  assert.equal((await post(`${url}/standard`, BODY, { ...JSON_HEADERS, ...asStandard(BODY, STANDARD) })).status, 200)
  assert.equal(engine.submissions.length, 5)
})

test('a delivery that comes again is a duplicate, and one with its name and another body is 409', async t => {
  const { url, engine } = await served(t)
  const headers = hub(asGithub(BODY, NEW))
  assert.deepEqual((await post(`${url}/hub`, BODY, headers)).told, { outcome: 'accepted' })
  assert.deepEqual((await post(`${url}/hub`, BODY, headers)).told, { outcome: 'duplicate' })
  // Signed with the other secret meanwhile: still the same delivery.
  assert.deepEqual((await post(`${url}/hub`, BODY, hub(asGithub(BODY, OLD)))).told, { outcome: 'duplicate' })
  const other = '{"text":"b"}'
  assert.equal((await post(`${url}/hub`, other, hub(asGithub(other, NEW)))).status, 409)
  const standard = () => post(`${url}/standard`, BODY, { ...JSON_HEADERS, ...asStandard(BODY, STANDARD, 'msg_7') })
  assert.deepEqual(
    [(await standard()).told, (await standard()).told],
    [{ outcome: 'accepted' }, { outcome: 'duplicate' }],
  )
  assert.equal(engine.submissions.length, 2)
  const { status, told } = await post(`${url}/hub`, BODY, { ...JSON_HEADERS, ...asGithub(BODY, NEW) })
  assert.deepEqual([status, told.detail], [400, 'X-GitHub-Delivery has 1 to 255 printable ASCII characters.'])
})

const now = () => Math.floor(Date.now() / 1000)
const later = (seconds: number) => now() + seconds
const ATTACKS: readonly (readonly [string, string, () => SignedHeaders])[] = [
  ['no signature', 'hub', () => ({})],
  ['an empty one', 'hub', () => ({ 'x-hub-signature-256': '' })],
  ['one of another body', 'hub', () => asGithub('{"text":"b"}', NEW)],
  ['one with another secret', 'hub', () => asGithub(BODY, 'the-secret-of-somebody-else')],
  ['one with an empty secret', 'hub', () => asGithub(BODY, '')],
  ['one with all secrets as one', 'hub', () => asGithub(BODY, `${OLD}, ${NEW}`)],
  ['one that is cut off', 'hub', () => ({ 'x-hub-signature-256': asGithub(BODY, NEW)['x-hub-signature-256']?.slice(0, -2) ?? '' })],
  ['one in capitals', 'hub', () => ({ 'x-hub-signature-256': `sha256=${asGithub(BODY, NEW)['x-hub-signature-256']?.slice(7).toUpperCase()}` })],
  ['the scheme alone', 'hub', () => ({ 'x-hub-signature-256': 'sha256=' })],
  ['the older header', 'hub', () => ({ 'x-hub-signature': asGithub(BODY, NEW)['x-hub-signature-256'] ?? '' })],
  ['another sender’s scheme', 'hub', () => asStripe(BODY, NEW)],
  ['an old time', 'pay', () => asStripe(BODY, NEW, later(-310))],
  ['a time ahead', 'pay', () => asStripe(BODY, NEW, later(310))],
  ['a new time on an old signature', 'pay', () => ({ 'stripe-signature': (asStripe(BODY, NEW, later(-310))['stripe-signature'] ?? '').replace(/t=\d+/, `t=${now()}`) })],
  ['a time that is none', 'pay', () => ({ 'stripe-signature': `t=NaN,${asStripe(BODY, NEW)['stripe-signature']}` })],
  ['signatures that don’t fit', 'pay', () => ({ 'stripe-signature': `t=${now()},v1=${'0'.repeat(64)},v1=,v1=${'1'.repeat(64)}` })],
  ['an old time', 'standard', () => asStandard(BODY, STANDARD, 'msg_1', later(-310))],
  ['a time ahead', 'standard', () => asStandard(BODY, STANDARD, 'msg_1', later(310))],
  ['another’s id', 'standard', () => ({ ...asStandard(BODY, STANDARD), 'webhook-id': 'msg_2' })],
  ['no time', 'standard', () => ({ ...asStandard(BODY, STANDARD), 'webhook-timestamp': '' })],
] // biome-ignore format: a table

for (const [what, feed, signed] of ATTACKS)
  test(`${feed}, ${what}: 401, and nothing of it is kept`, async t => {
    const { url, engine, faults } = await served(t)
    const { status, told, answered } = await post(`${url}/${feed}`, BODY, hub(signed()))
    assert.deepEqual([status, told.type], [401, 'urn:groundstation:signature-invalid'])
    assert.equal(answered.get('content-type'), 'application/problem+json')
    assert.equal(answered.get('www-authenticate'), 'Signature')
    assert.doesNotMatch(JSON.stringify(told), /the-secret/)
    assert.deepEqual([engine.submissions, engine.claimed, faults], [[], [], []])
  })

test('without a secret no post is taken, signed or not', async t => {
  const { url, engine } = await served(t)
  for (const signed of [{}, asGithub(BODY, ''), asGithub(BODY, 'undefined')]) {
    const { status, told } = await post(`${url}/unset`, BODY, { ...JSON_HEADERS, ...signed })
    assert.deepEqual([status, told.type], [503, 'urn:groundstation:source-off'])
  }
  assert.equal(engine.submissions.length, 0)
})

test('what is no event is refused once it is known who sent it, and not before', async t => {
  const { url, engine } = await served(t)
  for (const body of ['', 'not json', '{"text":1}']) {
    assert.equal((await post(`${url}/hub`, body, hub(asGithub(`${body} `, NEW)))).status, 401)
    assert.equal((await post(`${url}/hub`, body, hub(asGithub(body, NEW), `d${body}`))).status, 400)
  }
  assert.equal(engine.submissions.length, 2)
})

test('the bytes are signed as they are sent: packed bodies and lines are 415, a byte order mark counts', async t => {
  const { url } = await served(t)
  const packed = gzipSync(BODY)
  for (const signed of [asGithub(BODY, NEW), asGithub(packed, NEW)])
    assert.equal((await post(`${url}/hub`, packed, { ...hub(signed), 'content-encoding': 'gzip' })).status, 415)
  assert.equal((await post(`${url}/hub`, BODY, { ...hub(asGithub(BODY, NEW)), ...LINES_HEADERS })).status, 415)
  const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(BODY)])
  assert.equal((await post(`${url}/hub`, marked, hub(asGithub(BODY, NEW)))).status, 401)
  assert.equal((await post(`${url}/hub`, marked, hub(asGithub(marked, NEW)))).status, 200)
})

test('an unsigned body is not read: 401 comes before it does', async t => {
  const { port, engine } = await served(t)
  const connection = await rawConnection(t, port)
  connection.write(head('/hub', 'content-type: application/json', 'content-length: 900'))
  assert.match(await connection.until('signature-invalid'), /^HTTP\/1.1 401 /)
  connection.socket.destroy()
  assert.equal(engine.submissions.length, 0)
})

test('a body that is too large is 413, an array too, announced or not', async t => {
  const { url, port, engine } = await served(t, { eventBytesMax: 1_000 })
  const large = JSON.stringify({ text: 'x'.repeat(2_000) })
  assert.equal((await post(`${url}/hub`, large, hub(asGithub(large, NEW)))).status, 413)
  assert.equal((await post(`${url}/hub`, `[${large}]`, hub(asGithub(`[${large}]`, NEW)))).status, 413)
  const connection = await rawConnection(t, port)
  const signature = `x-hub-signature-256: sha256=${'0'.repeat(64)}`
  const path = head(
    '/hub',
    'content-type: application/json',
    'x-github-delivery: d',
    signature,
    'transfer-encoding: chunked',
  )
  connection.write(`${path}${(3_000).toString(16)}\r\n[${'1'.repeat(2_999)}\r\n`)
  assert.match(await connection.until('body-too-large'), /^HTTP\/1.1 413 /)
  connection.socket.destroy()
  assert.equal(engine.submissions.length, 0)
})

test('a body that comes too slowly is 408, piece by piece or not at all', async t => {
  const { port, engine } = await served(t, { bodyMsMax: 100 })
  const connection = await rawConnection(t, port)
  const signature = `x-hub-signature-256: ${asGithub(BODY, NEW)['x-hub-signature-256']}`
  const headers = ['content-type: application/json', 'x-github-delivery: d', signature, 'transfer-encoding: chunked']
  connection.write(`${head('/hub', ...headers)}1\r\n{\r\n`)
  const drip = setInterval(() => connection.write('1\r\n \r\n'), 20)
  t.after(() => clearInterval(drip))
  assert.match(await connection.ended, /^HTTP\/1.1 408 /)
  assert.equal(engine.submissions.length, 0)
})

test('a signed path answers nothing but posts', async t => {
  const { url } = await served(t)
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const { status, headers } = await fetch(`${url}/hub`, { method })
    assert.deepEqual([status, headers.get('allow')], [405, 'POST'], method)
  }
})

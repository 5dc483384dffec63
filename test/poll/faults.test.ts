import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { isPublicAddress } from '../../src/sources/poll/private.ts'
import { RETRY_AFTER_MS_MAX, retryAfterMs } from '../../src/sources/poll/retry.ts'
import { makeCertificate } from '../services/certificate.ts'
import { type Answering, json, openApi } from './api.ts'
import { ask } from './asking.ts'

const status =
  (code: number, headers: Record<string, string> = {}, body = 'no'): Answering =>
  (_request, response) =>
    void response.writeHead(code, headers).end(body)
const good = json([{ id: 'a' }])
/** Answers with each of these in turn; then all is well. */
const inTurn =
  (...answers: readonly Answering[]): Answering =>
  (request, response, number) =>
    (answers[number - 1] ?? good)(request, response, number)

type Declared = Partial<Parameters<typeof ask>[1]>
async function asked(
  t: TestContext,
  answer: Answering,
  declared: Declared = {},
  options: Parameters<typeof ask>[2] = {},
) {
  const api = await openApi(t, answer)
  return { ...(await ask(t, { url: api.url, ...declared }, options)), api }
}

/** What is kept of the answer, and why. */
async function refused(t: TestContext, answer: Answering, message: RegExp, declared: Declared = {}, options = {}) {
  const { error, requests } = await asked(t, answer, declared, options)
  const isGarbled = /JSON|, and should be|with errors/.test(error?.message ?? '')
  assert.equal(error?.code, 'SOURCE_ANSWER', error?.message)
  assert.match(error?.message ?? '', message)
  assert.equal(requests, isGarbled ? 3 : 1, 'what is wrong for sure is not asked for again')
  return (error as { beginning?: Buffer }).beginning?.toString()
}

describe('what may pass by itself is asked for again', () => {
  it('after waits that grow', async t => {
    const reset: Answering = request => void request.socket.destroy()
    const half: Answering = (request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('[{"id"')
      setImmediate(() => request.socket.destroy())
    }
    const { error, waits, pages } = await asked(t, inTurn(status(500), reset, half, status(503)))
    assert.equal(error, undefined)
    assert.deepEqual(pages, [['{"id":"a"}']])
    assert.deepEqual(waits, [375, 750, 1500, 3000])
  })
  it('as long as it says, within a bound', async t => {
    const soon = await asked(t, inTurn(status(429, { 'retry-after': '7' })))
    assert.deepEqual(soon.waits, [7000])
    const late = await asked(t, status(429, { 'retry-after': String(RETRY_AFTER_MS_MAX) }))
    assert.deepEqual([late.error?.code, late.requests], ['SOURCE_UNREACHABLE', 1])
    const now = Date.UTC(2024, 1, 29, 12)
    assert.equal(retryAfterMs('Thu, 29 Feb 2024 12:00:05 GMT', now), 5000)
    assert.equal(retryAfterMs('soon', now), undefined)
  })
  it('a few times, and then the poll has failed', async t => {
    const { error, requests } = await asked(t, status(502))
    assert.deepEqual([error?.code, error?.message, requests], ['SOURCE_UNREACHABLE', 'answered 502', 5])
  })
  it('where it is garbled', async t => {
    const { error, pages, waits } = await asked(t, inTurn(status(200, {}, '<html>'), json(null)))
    assert.equal(error, undefined)
    assert.deepEqual([pages.flat().length, waits.length], [1, 2])
  })
  it('where nobody listens', async t => {
    const { error } = await ask(t, { url: 'http://127.0.0.1:1' })
    assert.equal(error?.message, 'refuses connections')
  })
  it('where nothing comes, or ever less', async t => {
    const options = { limits: { answerMs: 100 } }
    const silent = await asked(t, () => undefined, {}, options)
    assert.deepEqual([silent.error?.code, silent.requests], ['SOURCE_UNREACHABLE', 5])
    const drip: Answering = (_request, response) => {
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }
    const slow = await asked(t, drip, {}, options)
    assert.match(slow.error?.message ?? '', /has taken longer than 0.1 s/)
  })
})

describe('a certificate', () => {
  it('that nobody vouches for is refused', async t => {
    const certificate = await makeCertificate(t).catch(() => undefined)
    if (certificate === undefined) return t.skip('openssl is not here')
    const { pem: cert, keyFile } = certificate
    const server = createServer({ cert, key: await readFile(keyFile) }, (_request, response) => void response.end('[]'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => void server.close())
    const { error, waits } = await ask(t, { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` })
    assert.equal(error?.code, 'SOURCE_UNREACHABLE')
    assert.match(error?.message ?? '', /has a certificate that isn't trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/)
    assert.equal(waits.length, 4)
  })
})

describe('an answer that is not what it should be is told, with its beginning', () => {
  it('half a JSON, and none', async t => {
    const half = '[{"id":"a"},{"id":"b"'
    assert.equal(await refused(t, status(200, {}, half), /ends in the middle of its JSON/), half)
    assert.equal(await refused(t, status(200, {}, '<html>'), /is not JSON/), '<html>')
    assert.equal(await refused(t, status(200, {}, ''), /is not JSON/), '')
    for (const body of [
      '[{"id":"a"}',
      '[{"id":"a"}]]',
      '[{"id":"a"} {"id":"b"}]',
      '{"items":[',
      '[1,]',
      '{"items":[]',
      '[}',
    ])
      await refused(t, status(200, {}, body), /JSON/, body.startsWith('{') ? { items: 'items' } : {})
  })
  it('no items where they should be', async t => {
    const items = { items: 'data.things' }
    await refused(t, json({ data: { things: null } }), /data.things is null, and should be a list/, items)
    await refused(t, json({ data: null }), /data.things is missing/, items)
    await refused(t, json({ data: { things: 'none' } }), /data.things is a string/, items)
    await refused(t, json(null), /the answer is null/)
  })
  it('a GraphQL query that fails with 200', async t => {
    const query = { graphql: { query: '{ things { id } }' }, items: 'data.things' }
    const errors = [{ message: 'no' }]
    await refused(t, json({ errors, data: { things: null } }), /data.things is null/, query)
    await refused(t, json({ errors, data: { things: [{ id: 'a' }] } }), /a query with errors/, query)
    const { error } = await asked(t, json({ errors: [], data: { things: [] } }), query)
    assert.equal(error, undefined)
  })
  it('a status that asking again does not mend', async t => {
    assert.equal(await refused(t, status(401, {}, 'who?'), /answered 401/), 'who?')
    await refused(t, status(304), /answered 304/)
    await refused(t, status(204), /answered 204/)
  })
  it('more bytes than the bound, packed or not', async t => {
    const options = { limits: { bytesMax: 100_000 } }
    const huge = `["${'x'.repeat(200_000)}"]`
    const kept = await refused(t, status(200, {}, huge), /more than 100000 bytes/, {}, options)
    assert.equal(kept?.length, 4096)
    const bomb: Answering = (_request, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(huge))
    await refused(t, bomb, /more than 100000 bytes/, {}, options)
    await refused(t, status(200, { 'content-encoding': 'br' }), /packed with br/)
  })
  it('and one that is packed is unpacked', async t => {
    const { pages } = await asked(
      t,
      (_request, response) =>
        void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('[{"id":"a"}]')),
    )
    assert.deepEqual(pages, [['{"id":"a"}']])
  })
})

describe('redirects', () => {
  const to = (location: string, code = 302) => status(code, { location })
  it('are followed within the host', async t => {
    const { pages, api } = await asked(t, (request, response, number) =>
      (request.url === '/' ? to('/there?x=1') : good)(request, response, number),
    )
    assert.deepEqual(pages, [['{"id":"a"}']])
    assert.deepEqual(api.asked, ['GET /', 'GET /there?x=1'])
  })
  it('go nowhere else', async t => {
    const message = /leads to another host/
    for (const place of [
      'http://127.0.0.1:2/',
      'http://10.0.0.1/',
      'http://169.254.169.254/latest',
      'http://[::1]/',
      '//x.example/',
    ])
      await refused(t, to(place), message)
    await refused(t, to('file:///etc/passwd'), /no address/)
    await refused(t, to('/'), /again and again/)
    await refused(t, to('/there', 303), /redirects a POST/, { body: {} })
  })
  it('nor does a Link header, or the address of a next page', async t => {
    const next = 'http://169.254.169.254/latest'
    const link = await asked(t, json([{ id: 'a' }], { link: `<${next}>; rel="next"` }), { pages: { link: true } })
    assert.match(link.error?.message ?? '', /leads to another host, 169.254.169.254/)
    const url = await asked(t, json({ items: [{ id: 'a' }], next }), { items: 'items', pages: { url: 'next' } })
    assert.match(url.error?.message ?? '', /leads to another host/)
  })

  /** Names that the tests know, of which those at ::1 count as public. */
  const names = {
    lookup: ((name, _options, callback) => {
      const address = { 'api.example': '::1', 'files.example': '::1', 'inside.example': '127.0.0.1' }[name]
      if (address === undefined) callback(Object.assign(new Error('none'), { code: 'ENOTFOUND' }), [])
      else callback(null, [{ address, family: address === '::1' ? 6 : 4 }])
    }) as NonNullable<NonNullable<Parameters<typeof ask>[2]>['lookup']>,
    isPublic: (address: string) => address === '::1',
  }
  const atName = (url: string, name: string) => `http://${name}:${new URL(url).port}`
  const headers = { authorization: 'secret' }

  it('to a host that the feed names take no secret along', async t => {
    const seen: (string | undefined)[] = []
    const api = await openApi(
      t,
      (request, response, number) => {
        seen.push(request.headers.authorization)
        const isThere = request.headers.host?.startsWith('files.example')
        return (isThere ? good : to(atName(api.url, 'files.example')))(request, response, number)
      },
      '::',
    )
    const hosts = ['files.example']
    const { pages, error } = await ask(t, { url: atName(api.url, 'api.example'), headers, hosts }, names)
    assert.equal(error, undefined)
    assert.deepEqual(pages, [['{"id":"a"}']])
    assert.deepEqual(seen, ['secret', undefined])
  })
  it('from a public API lead into no private network, by whatever name', async t => {
    const hosts = ['inside.example', '127.0.0.1', '10.0.0.1', '[::ffff:127.0.0.1]']
    for (const [index, place] of ['inside.example', '127.0.0.1', '0x7f000001', '[::ffff:7f00:1]'].entries()) {
      const api = await openApi(
        t,
        (request, response, number) => (number === 1 ? to(atName(api.url, place)) : good)(request, response, number),
        '::',
      )
      const { error } = await ask(
        t,
        { url: atName(api.url, 'api.example'), hosts: [...hosts, '[::ffff:7f00:1]'] },
        names,
      )
      assert.match(error?.message ?? '', /leads into a private network/, `${index}: ${place}`)
      assert.equal(api.asked.length, 1)
    }
  })
  it('from a private one may, where the feed names the host', async t => {
    const api = await openApi(
      t,
      (request, response, number) =>
        (number === 1 ? to(atName(api.url, '127.0.0.1')) : good)(request, response, number),
      '::',
    )
    const { error } = await ask(t, { url: atName(api.url, 'inside.example'), hosts: ['127.0.0.1'] }, names)
    assert.equal(error, undefined)
  })
  it('know what is private', () => {
    const inside = [
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.9.9.9',
      '169.254.169.254',
      '172.31.0.1',
      '192.168.1.1',
      '224.0.0.1',
      '255.255.255.255',
    ]
    const six = [
      '::',
      '::1',
      '::ffff:10.0.0.1',
      'fc00::1',
      'fe80::1',
      'ff02::1',
      '2002:7f00:1::',
      '64:ff9b::7f00:1',
      '2001:db8::1',
      'nothing',
    ]
    for (const address of [...inside, ...six]) assert.equal(isPublicAddress(address), false, address)
    for (const address of ['1.1.1.1', '172.32.0.1', '192.0.1.1', '2606:4700::1111', '::ffff:1.1.1.1'])
      assert.equal(isPublicAddress(address), true, address)
  })
})

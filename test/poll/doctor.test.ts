import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { lookAtPolled } from '../../src/cli/polled-apis.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import type { PollSource } from '../../src/feed/poll.ts'
import { env } from '../../src/index.ts'
import { folderWith, groundstation, POLLED_FEED } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'
import { makeCertificate } from '../services/certificate.ts'
import { type Answering, json, openApi } from './api.ts'
import { things } from './world.ts'

const SECRET = 'hunter2-and-more'

/** What is found of one API, declared so. */
async function found(url: string, declared: Partial<PollSource> = {}) {
  const source = { url: env('THINGS_URL'), every: env('THINGS_EVERY', '1h'), ...declared }
  const environment = new Map([
    ['THINGS_URL', url],
    ['THINGS_KEY', SECRET],
    ['THINGS_ID', `${SECRET}-id`],
  ])
  const [finding] = await lookAtPolled([compileFeed(things(source).declaration, environment)])
  assert.ok(finding)
  assert.doesNotMatch(JSON.stringify(finding), new RegExp(SECRET))
  return finding
}

async function foundAt(t: TestContext, answer: Answering, declared: Partial<PollSource> = {}, path = '') {
  const api = await openApi(t, answer)
  return { api, ...(await found(`${api.url}${path}`, declared)) }
}

const status =
  (code: number, headers: Record<string, string> = {}): Answering =>
  (_request, response) =>
    void response.writeHead(code, headers).end('no')

describe('doctor asks each API once', () => {
  it('as a poll does first, and says what came', async t => {
    const { api, ok, says } = await foundAt(t, json([{ id: 'a' }, { id: 'b' }]), {
      path: '/things',
      pages: { page: 'page', limit: 'n', size: 2 },
    })
    assert.equal(ok, true)
    assert.match(says, new RegExp(`^${api.url}/things answered 2 items on the first page in \\d\\.\\d s$`))
    assert.deepEqual(api.asked, ['GET /things?n=2&page=1'])
  })

  it('of one that lets nobody in it names the settings that are sent, and where', async t => {
    const sent = { headers: { 'x-key': env('THINGS_KEY') }, query: { id: env('THINGS_ID') } }
    const { ok, code, says, remedy, api } = await foundAt(t, status(401), sent)
    assert.deepEqual([ok, code, says], [false, 3, `${api.url} answered 401`])
    assert.match(remedy ?? '', /^Correct THINGS_KEY, for the header x-key; THINGS_ID, for the parameter id: /)
    assert.equal(api.asked.length, 1)
    const url = api.url.replace('//', `//me:${SECRET}@`)
    assert.match((await found(url)).remedy ?? '', /^Correct THINGS_URL, for the header authorization: /)
    assert.match((await found(api.url)).remedy ?? '', /sends none from a setting: declare headers/)
  })

  for (const [what, answer, says, remedy] of [
    ['an unknown path', status(404), /answered 404$/, /^Correct THINGS_URL, or the feed's path/],
    [
      'one that asks for rest',
      status(429, { 'retry-after': '3600' }),
      /answered 429, and asks to be left alone for 3,600 s$/,
      /poll less often \(THINGS_EVERY\)/,
    ],
    ['one that fails', status(503), /answered 503$/, /for those who run it/],
    ['one that refuses what is asked', status(400), /answered 400$/, /query, headers or body/],
    [
      'a redirect elsewhere',
      status(302, { location: 'https://other.example/x' }),
      /another host, other\.example/,
      /hosts\.$/,
    ],
    [
      'a page of its own',
      (_request, response) => void response.writeHead(200).end('<html>'),
      /JSON/,
      /items, pages or graphql/,
    ],
    [
      'no answer to its end',
      (_request, response) =>
        void response.writeHead(200, { 'content-length': '9' }).write('[', () => response.destroy()),
      /broke the connection off/,
      /what speaks HTTP there/,
    ],
  ] as readonly (readonly [string, Answering, RegExp, RegExp])[])
    it(`${what}, with what to do`, async t => {
      const finding = await foundAt(t, answer)
      assert.match(finding.says, says)
      assert.match(finding.remedy ?? '', remedy)
      assert.equal(finding.api.asked.length, 1)
    })

  it('one that isn’t there, a name that isn’t known, a certificate that isn’t trusted', async t => {
    assert.match((await found('http://127.0.0.1:1')).remedy ?? '', /host and port in THINGS_URL/)
    assert.match((await found('http://nowhere.invalid')).remedy ?? '', /host in THINGS_URL, or how this machine/)
    const certificate = await makeCertificate(t).catch(() => undefined)
    if (certificate === undefined) return t.diagnostic('openssl is not here')
    const { pem: cert, keyFile } = certificate
    const server = createServer({ cert, key: await readFile(keyFile) }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { says, remedy } = await found(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
    assert.match(says, /certificate that isn't trusted/)
    assert.match(remedy ?? '', /NODE_EXTRA_CA_CERTS/)
  })

  it('by the command, beside the database, with an exit code', async t => {
    const cwd = await folderWith(t)
    await mkdir(join(cwd, 'feeds'))
    await writeFile(join(cwd, 'feeds', 'a.ts'), POLLED_FEED)
    const api = await openApi(t, status(500))
    const run = { cwd, env: { DATABASE_URL: await freshDatabase(t) } }
    const off = await groundstation(['doctor'], run)
    assert.match(off.stdout, /^ok {3}poll things: off: THINGS_URL isn't set$/m)
    assert.equal(off.code, 0)
    const { code, stdout } = await groundstation(['doctor', '--json'], {
      ...run,
      env: { ...run.env, THINGS_URL: api.url },
    })
    assert.equal(code, 3)
    const finding = JSON.parse(stdout).findings.at(-1)
    assert.deepEqual([finding.what, finding.ok, finding.says], ['poll things', false, `${api.url}/things answered 500`])
  })
})

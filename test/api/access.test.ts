import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import Fastify from 'fastify'
import { addAccess } from '../../src/api/access.ts'
import { ROLES, type Role } from '../../src/feed/access.ts'
import { head, rawConnection } from '../http/raw-connection.ts'
import { get, type Served, send, serve } from './serve.ts'

const [loopback, elsewhere, open] = await Promise.all([
  serve(),
  serve({}, undefined, { host: '0.0.0.0' }),
  serve({}, undefined, { host: '0.0.0.0', isOpen: true }),
])

/** A role; nobody is asked; `user`, which no machine is; or `feed`: as the feed and the address have it. */
type Asked = Role | 'user' | 'open' | { readonly feed: Role }

/** Every route there is, and whom it answers. A route that isn't here fails the test below. */
const ROUTES: Readonly<Record<string, Asked>> = {
  'GET /health/live': 'open',
  'GET /health/ready': 'open',
  'GET /': 'open',
  'GET /docs': 'open',
  'GET /openapi.json': 'open',
  'POST /login': 'open',
  'PUT /users/me/password': 'user',
  'GET /users': 'administrator',
  'POST /users': 'administrator',
  'GET /metrics': { feed: 'reader' },
  'GET /feeds': { feed: 'reader' },
  'POST /messages': { feed: 'writer' },
  'POST /feeds/rockets/events': { feed: 'writer' },
  'POST /feeds/spacex-launches/events': { feed: 'writer' },
  'POST /feeds/spacex-launchpads/events': { feed: 'writer' },
  'POST /feeds/spacex-payloads/events': { feed: 'writer' },
  'POST /feeds/spacex-rockets/events': { feed: 'writer' },
  'GET /launches': { feed: 'reader' },
  'GET /launches/{key}': { feed: 'reader' },
  'GET /launches/{key}/changes': { feed: 'reader' },
  'GET /rockets': { feed: 'reader' },
  'GET /rockets/{key}': { feed: 'reader' },
  'GET /rockets/{key}/changes': { feed: 'reader' },
  'GET /feeds/{feed}/record': { feed: 'reader' },
  'GET /feeds/{feed}/gaps': { feed: 'reader' },
  'GET /feeds/{feed}/held': { feed: 'reader' },
  'GET /feeds/{feed}/dead-letters': { feed: 'operator' },
  'GET /feeds/{feed}/dead-letters/{id}': { feed: 'operator' },
  'DELETE /feeds/{feed}/dead-letters/{id}': { feed: 'operator' },
  'POST /feeds/{feed}/dead-letters/{id}/replay': { feed: 'operator' },
  'POST /feeds/detections/events': 'writer',
  'GET /detections': 'reader',
  'GET /stats': 'reader',
  'GET /feeds/{feed}/views': { feed: 'reader' },
  'GET /speeds': { feed: 'reader' },
  'GET /speeds/rockets': { feed: 'reader' },
  'GET /speeds/types': { feed: 'reader' },
  'GET /speeds/missions': { feed: 'reader' },
  'GET /speeds/minutes': { feed: 'reader' },
  'GET /analytics/totals': { feed: 'reader' },
  'GET /analytics/by-year': { feed: 'reader' },
  'GET /analytics/top-payload-masses': { feed: 'reader' },
  'GET /analytics/top-true-payload-masses': { feed: 'reader' },
  'GET /analytics/delays-by-year': { feed: 'reader' },
  'GET /analytics/launch-sites': { feed: 'reader' },
  'GET /alerts': 'reader',
}
const COVERED: Readonly<Record<Role, readonly Role[]>> = {
  reader: ['reader'],
  writer: ['writer'],
  operator: ['reader', 'writer', 'operator'],
  administrator: ROLES,
}

type Fields = Record<string, unknown>

async function statusOf({ url, as }: Served, route: string, feed: string, role: Role | undefined): Promise<number> {
  const [method = '', path = ''] = route.split(' ')
  const headers = { 'content-type': 'application/json', ...(role === undefined ? {} : as[role]) }
  const at = path.replace('{feed}', feed).replace('{id}', '999').replace('{key}', 'x')
  const response = await fetch(`${url}${at}`, { method, headers, ...(method === 'POST' ? { body: '{' } : {}) })
  if (response.status === 401 || response.status === 403) {
    assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/)
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
  }
  // A stream has no end.
  await response.body?.cancel()
  return response.status
}

async function checkRoute(
  served: Served,
  route: string,
  feed: string,
  needed: Role | 'user' | undefined,
): Promise<void> {
  for (const role of [undefined, ...ROLES]) {
    const status = await statusOf(served, route, feed, role)
    const place = `${route} of ${feed} as ${role ?? 'nobody'}: ${status}`
    if (needed === undefined) assert.ok(status !== 401 && status !== 403, place)
    else if (role === undefined) assert.equal(status, 401, place)
    else if (needed !== 'user' && COVERED[role].includes(needed)) assert.ok(status !== 401 && status !== 403, place)
    else assert.equal(status, 403, place)
  }
}

describe('who is answered', () => {
  test('is said here for every route', async () => {
    const { body } = await get<{ paths: Record<string, object> }>(`${loopback.url}/openapi.json`)
    const described = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    )
    const hidden = ['GET /', 'GET /docs', 'GET /openapi.json']
    assert.deepEqual([...described, ...hidden].sort(), Object.keys(ROUTES).sort())
  })

  for (const [route, asked] of Object.entries(ROUTES))
    test(route, async () => {
      const stated = asked === 'open' ? undefined : typeof asked === 'string' ? asked : asked.feed
      const onLoopback = typeof asked === 'string' ? stated : undefined
      await checkRoute(loopback, route, 'rockets', onLoopback)
      await checkRoute(open, route, 'rockets', onLoopback)
      await checkRoute(elsewhere, route, 'rockets', stated)
      // A feed that states its access asks always.
      if (route.includes('{feed}'))
        for (const served of [loopback, open]) await checkRoute(served, route, 'detections', stated)
    })

  test('a route that states nothing stops the start', async () => {
    const server = Fastify()
    addAccess(server, { feeds: new Map(), identify: async () => undefined, asks: () => false })
    server.get('/stated', { config: { access: 'open' } }, async () => '')
    server.get('/forgotten', async () => '')
    await assert.rejects(async () => server.ready(), /GET \/forgotten.*states its access/)
  })
})

type Described = { security: Record<string, string[]>[]; description?: string; responses: object }

const describedBy = async ({ url }: Served) =>
  (await get<{ paths: Record<string, Record<string, Described>>; components: Fields }>(`${url}/openapi.json`)).body

test('the description says of every route whom it answers, at this address', async () => {
  for (const [served, asks] of [
    [loopback, false],
    [open, false],
    [elsewhere, true],
  ] as const)
    await checkDescription(served, asks)
})

async function checkDescription(served: Served, asks: boolean): Promise<void> {
  const body = await describedBy(served)
  const { login, token } = body.components.securitySchemes as Record<string, Fields>
  assert.deepEqual([login?.type, token?.scheme], ['oauth2', 'bearer'])
  for (const [route, asked] of Object.entries(ROUTES)) {
    const [method = '', path = ''] = route.split(' ')
    const described = body.paths[path]?.[method.toLowerCase()]
    if (described === undefined) continue
    const { security, description, responses } = described
    const both = (role: Role) => [{ login: [role] }, { token: [role] }]
    if (asked === 'open') assert.deepEqual(security, [], route)
    else if (asked === 'user') assert.deepEqual(security, [{ login: [] }], route)
    else if (typeof asked === 'string') assert.deepEqual(security, both(asked), route)
    // Some feed that a path may name asks always.
    else assert.deepEqual(security, asks || path.includes('{feed}') ? both(asked.feed) : [], route)
    if (asked === 'open') continue
    assert.match(description ?? '', /Asks for (the role|a user)/, route)
    for (const status of ['401', '403']) assert.ok(status in responses, `${route} ${status}`)
  }
}

describe('whoever has no token', () => {
  test('is told how to get one', async () => {
    const detail = async (path: string, method = 'GET') => {
      const { body, status } = await send(`${loopback.url}${path}`, undefined, {}, method)
      assert.equal(status, 401)
      return String(body.detail)
    }
    for (const path of ['/detections', '/stats', '/alerts'])
      assert.match(
        await detail(path),
        /role reader\. POST \/login .*groundstation tokens add <name> --role reader.*Bearer/,
      )
    assert.match(await detail('/users'), /--role administrator/)
    const own = await detail('/users/me/password', 'PUT')
    assert.match(own, /a user's token\. POST \/login/)
    assert.doesNotMatch(own, /tokens add/)
  })

  test('sees at home what is open, and what asks for which role', async () => {
    const linksOf = async ({ url }: Served) => {
      const html = await (await fetch(url)).text()
      const found = html.matchAll(/href="([^"]+)">[^<]*<\/a>(?: <small>token: ([^<]*))?/g)
      return [...found].map(([, path = '', role]) => ({ path, role }))
    }
    for (const served of [loopback, open, elsewhere]) {
      const links = await linksOf(served)
      const paths = links.map(({ path }) => path)
      for (const one of ['record', 'gaps', 'held', 'dead-letters'])
        for (const feed of ['rockets', 'detections']) assert.ok(paths.includes(`/feeds/${feed}/${one}`), one)
      for (const one of ['/detections', '/stats', '/alerts', '/rockets', '/feeds']) assert.ok(paths.includes(one), one)
      for (const { path, role } of links) {
        const response = await fetch(`${served.url}${path}`)
        assert.equal(response.status === 401 ? 'asked' : 'open', role === undefined ? 'open' : 'asked', path)
        await response.body?.cancel()
        if (role === undefined) continue
        const asked = await fetch(`${served.url}${path}`, { headers: served.as[role as Role] })
        assert.ok(asked.status !== 401 && asked.status !== 403, path)
        await asked.body?.cancel()
      }
    }
  })
})

describe('a token', () => {
  test('that is bad is refused where nobody had to show one', async () => {
    const { status, body } = await get(`${loopback.url}/rockets`, { authorization: 'Bearer gst_none' })
    assert.deepEqual([status, body.type], [401, 'urn:groundstation:token-invalid'])
    assert.equal((await get(`${loopback.url}/rockets`, { authorization: 'Basic YTpi' })).status, 200)
    for (const authorization of ['Bearer', 'Bearer ', 'bearer x', `Bearer ${'x'.repeat(10_000)}`, 'Bearer a b'])
      assert.equal((await get(`${loopback.url}/rockets`, { authorization })).status, 401, authorization)
  })

  test('that is bad is refused before a byte of the body is waited for', async t => {
    const { write, until } = await rawConnection(t, Number(new URL(loopback.url).port))
    const bad = ['content-type: application/json', 'content-length: 1000', 'authorization: Bearer gst_none']
    write(head('/feeds/detections/events', ...bad))
    assert.match(await until('token-invalid'), /^HTTP\/1.1 401 /)
  })

  test('of a machine ends when it is revoked, within two seconds, and says when it was used', async () => {
    const { url, as, rows } = loopback
    const asked = () => get(`${url}/feeds/detections/record`, as.reader)
    assert.equal((await asked()).status, 200)
    const [used] = await rows('select used_at from groundstation.machine_token where name = $1', 'reader')
    assert.ok(used?.used_at)
    await rows('update groundstation.machine_token set revoked_at = now() where name = $1', 'reader')
    const revokedMs = performance.now()
    while ((await asked()).status !== 401) assert.ok(performance.now() - revokedMs < 2_000)
    await rows('update groundstation.machine_token set revoked_at = null where name = $1', 'reader')
  })

  test('is in the database by its SHA-256 only', async () => {
    const rows = await loopback.rows('select name, digest from groundstation.machine_token')
    assert.equal(rows.length, ROLES.length)
    for (const { name, digest } of rows) {
      const token = loopback.as[name as Role].authorization.replace('Bearer ', '')
      assert.deepEqual(digest, createHash('sha256').update(token).digest())
    }
  })
})

test('what is posted with a token is stored, and read with another', async () => {
  const { url, as } = elsewhere
  const seen = JSON.stringify({ Year: 2011, Make: 'Honda', Model: 'Civic', Category: 'Sedan' })
  const posted = await send(`${url}/feeds/detections/events`, seen, {
    'content-type': 'application/json',
    ...as.writer,
  })
  assert.deepEqual(posted.body, { outcome: 'accepted' })
  assert.equal((await get<{ data: unknown[] }>(`${url}/feeds/detections/record`, as.reader)).body.data.length, 1)
  assert.deepEqual(elsewhere.faults, [])
})

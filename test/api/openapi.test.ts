import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TSchema } from 'typebox'
import { validatorOf } from '../../src/feed/validator.ts'
import { channel, exploded, faster, launched } from './rocket.ts'
import { get, send, serve } from './serve.ts'

type Node = { readonly [name: string]: Node } & readonly Node[]
type Operation = Node & { readonly operationId: string }

const served = await serve()
const { url } = served
const document = (await get<Node>(`${url}/openapi.json`)).body

/** A schema with what it refers to in place. */
function resolved(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(resolved)
  if (typeof node !== 'object' || node === null) return node
  const { $ref, ...others } = node as Record<string, unknown>
  if (typeof $ref !== 'string')
    return Object.fromEntries(Object.entries(others).map(([name, one]) => [name, resolved(one)]))
  const name = $ref.replace('#/components/schemas/', '')
  const target: unknown = document.components?.schemas?.[name]
  assert.ok(target, $ref)
  return resolved(target)
}

const fits = (schema: unknown, value: unknown) => validatorOf(resolved(schema) as TSchema).check(value)
const operation = (method: string, path: string) => document.paths?.[path]?.[method] as Operation
const answer = (method: string, path: string, status: number) => {
  const content = operation(method, path).responses?.[String(status)]?.content
  return Object.values(content ?? {})[0]?.schema
}

test('every path is described, each operation under a name of its own', () => {
  assert.equal(String(document.openapi), '3.1.0')
  const names = Object.values(document.paths ?? {}).flatMap(methods =>
    Object.values(methods as unknown as Record<string, Operation>).map(({ operationId }) => operationId),
  )
  assert.equal(new Set(names).size, names.length)
  assert.deepEqual(Object.keys(document.paths ?? {}).sort(), [
    '/alerts',
    '/analytics/by-year',
    '/analytics/delays-by-year',
    '/analytics/launch-sites',
    '/analytics/top-payload-masses',
    '/analytics/top-true-payload-masses',
    '/analytics/totals',
    '/detections',
    '/feeds',
    '/feeds/detections/events',
    '/feeds/rockets/events',
    '/feeds/spacex-launches/events',
    '/feeds/spacex-launchpads/events',
    '/feeds/spacex-payloads/events',
    '/feeds/spacex-rockets/events',
    '/feeds/{feed}/dead-letters',
    '/feeds/{feed}/dead-letters/{id}',
    '/feeds/{feed}/dead-letters/{id}/replay',
    '/feeds/{feed}/gaps',
    '/feeds/{feed}/held',
    '/feeds/{feed}/record',
    '/feeds/{feed}/views',
    '/health/live',
    '/health/ready',
    '/launches',
    '/launches/{key}',
    '/launches/{key}/changes',
    '/login',
    '/messages',
    '/metrics',
    '/rockets',
    '/rockets/{key}',
    '/rockets/{key}/changes',
    '/speeds',
    '/speeds/minutes',
    '/speeds/missions',
    '/speeds/rockets',
    '/speeds/types',
    '/stats',
    '/users',
    '/users/me/password',
  ])
  assert.deepEqual(served.server.openapi(), document)
})

test('every reference leads somewhere', () => {
  assert.ok(JSON.stringify(resolved(document)).length > 10_000)
})

test("the described body takes a feed's events, one and many, and nothing else", () => {
  const schema = operation('post', '/messages').requestBody?.content?.['application/json']?.schema
  const events = [launched(channel(1), 1), faster(channel(1), 2), exploded(channel(1), 3)].map(text => JSON.parse(text))
  for (const body of [...events, events]) assert.ok(fits(schema, body))
  for (const body of [{}, 1, [1], { ...events[0], metadata: events[1].metadata }]) assert.ok(!fits(schema, body))
  const [types] = JSON.stringify(document).match(/"const":"RocketSpeedDecreased"/g) ?? []
  assert.ok(types)
})

test('what is answered is what is described', async () => {
  const key = channel(1)
  const one = await send(`${url}/messages`, launched(key, 1))
  assert.ok(fits(answer('post', '/messages', 200), one.body))
  assert.ok(fits(answer('post', '/messages', 200), (await send(`${url}/messages`, `[${faster(key, 3)}]`)).body))
  const rejected = await send(`${url}/messages`, faster(key, 2, 0))
  assert.ok(fits(answer('post', '/messages', 400), rejected.body))
  assert.ok(fits(answer('post', '/messages', 409), (await send(`${url}/messages`, launched(key, 1, 'B'))).body))
  const id = rejected.body.deadLetter
  for (const [path, asked] of [
    ['/rockets', '/rockets'],
    ['/rockets/{key}', `/rockets/${key}`],
    ['/feeds', '/feeds'],
    ['/feeds/{feed}/record', '/feeds/rockets/record'],
    ['/feeds/{feed}/gaps', '/feeds/rockets/gaps'],
    ['/feeds/{feed}/held', '/feeds/rockets/held'],
    ['/feeds/{feed}/dead-letters', '/feeds/rockets/dead-letters'],
    ['/feeds/{feed}/dead-letters/{id}', `/feeds/rockets/dead-letters/${id}`],
    ['/health/ready', '/health/ready'],
  ] as const) {
    const { status, body, text } = await get(`${url}${asked}`)
    assert.equal(status, 200)
    assert.ok(fits(answer('get', path, 200), body), `${path} ${text}`)
  }
  assert.ok(fits(answer('get', '/rockets/{key}', 404), (await get(`${url}/rockets/nobody`)).body))
})

test('the docs are served, with all that they load, under a policy that lets nothing else in', async () => {
  const page = await fetch(`${url}/docs`)
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-security-policy') ?? '', /script-src 'self';/)
  const html = await page.text()
  assert.doesNotMatch(html, /<script>/)
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1] ?? '')
  assert.ok(files.length > 3)
  for (const file of files) {
    const loaded = await fetch(new URL(file, `${url}/docs/`))
    assert.equal(loaded.status, 200, file)
    await loaded.arrayBuffer()
  }
  const home = await fetch(url)
  assert.match(await home.text(), /href="\/docs"/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import github from '../../examples/github/github.ts'
import stripe from '../../examples/stripe/stripe.ts'
import { asGithub, asStripe } from '../http/sign.ts'
import { get, type List, send, serve } from './serve.ts'

const SECRET = 'the-secret-of-this-year-4567'
const settings = new Map([
  ['GITHUB_WEBHOOK_SECRETS', SECRET],
  ['STRIPE_WEBHOOK_SECRETS', SECRET],
])
const { url, as } = await serve({}, [github, stripe], { host: '0.0.0.0', settings })
const BODY = '{"action":"opened"}'
const delivery = (name: string, more: Record<string, string>) => ({
  'content-type': 'application/json',
  'x-github-delivery': name,
  ...more,
})
const paid = (id: string, created: number, object: object = { id: 'sub_1', object: 'subscription' }) =>
  JSON.stringify({ id, type: 'changed', created, data: { object } })
const pay = (body: string) =>
  send(`${url}/stripe`, body, { 'content-type': 'application/json', ...asStripe(body, SECRET) })

test('a signature stands for a token where one is asked for, and no token for a signature', async () => {
  for (const path of ['/github', '/feeds/github/events']) {
    const post = (more: Record<string, string>) => send(url + path, BODY, delivery(path, more))
    assert.equal((await post(asGithub(BODY, SECRET))).status, 200)
    for (const role of ['writer', 'administrator'] as const) {
      const { status, body } = await post(as[role])
      assert.deepEqual([status, body.type], [401, 'urn:groundstation:signature-invalid'], `${path} ${role}`)
    }
  }
})

test('what was posted is read with a token as before', async () => {
  assert.equal((await get(`${url}/github/deliveries`)).status, 401)
  assert.equal((await get(`${url}/github/deliveries`, as.reader)).body.size, 2)
  assert.equal((await get(`${url}/feeds/github/dead-letters`, asGithub('', SECRET))).status, 401)
})

test('a dead letter of a signed feed is corrected by an operator, without a signature', async () => {
  const refused = await pay(paid('evt_0', 5, { id: 'sub_0' }))
  assert.equal(refused.status, 400)
  const path = `${url}/feeds/stripe/dead-letters/${refused.body.deadLetter}/replay`
  const corrected = paid('evt_0', 5, { id: 'sub_0', object: 'subscription' })
  assert.equal((await send(path, corrected)).status, 401)
  assert.equal((await send(path, corrected, { 'content-type': 'application/json', ...as.operator })).status, 200)
})

test('versions are listed by their key, in the order in which they came', async () => {
  for (const [id, created] of [['evt_3', 30], ['evt_1', 10], ['evt_2', 20]] as const) // biome-ignore format: a table
    assert.equal((await pay(paid(id, created))).status, 200)
  const record = await get<List<{ sequence: number; event: { id: string } }>>(
    `${url}/feeds/stripe/record?key=sub_1&from=2`,
    as.reader,
  )
  assert.deepEqual(
    record.body.data.map(({ sequence, event }) => [sequence, event.id]),
    [
      [2, 'evt_1'],
      [3, 'evt_2'],
    ],
  )
  const feeds = await get<List<{ name: string; kind: string; keys: number }>>(`${url}/feeds`, as.reader)
  const shown = feeds.body.data.find(({ name }) => name === 'stripe')
  assert.deepEqual([shown?.kind, shown?.keys], ['versioned', 2])
})

test('the description names the headers, and no token beside them', async () => {
  type Post = {
    parameters: { name: string; in: string; required?: boolean }[]
    security?: unknown[]
    responses: object
  }
  const { body } = await get<{ paths: Record<string, { post: Post }> }>(`${url}/openapi.json`)
  const post = body.paths['/github']?.post
  const required = post?.parameters
    .filter(one => one.in === 'header' && one.required)
    .map(({ name }) => name.toLowerCase())
  assert.deepEqual(required?.sort(), ['x-github-delivery', 'x-hub-signature-256'])
  assert.ok(Object.keys(post?.responses ?? {}).includes('401'))
  assert.deepEqual(post?.security ?? [], [])
})

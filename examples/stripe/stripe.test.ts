import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertOrderIndependent } from 'groundstation/testing'
import { missingTool, startExample } from '../../test/examples/example.ts'
import { asStripe } from '../../test/http/sign.ts'
import feed from './stripe.ts'

const SECRET = 'whsec_the-secret-of-this-year-4567'
const changed = (number: number, created: number, status: string, object = 'sub_1') => ({
  id: `evt_${number}`,
  type: 'customer.subscription.updated',
  created: 1_700_000_000 + created,
  data: { object: { id: object, object: 'subscription', status } },
})
const EVENTS = [
  changed(1, 10, 'incomplete'),
  changed(2, 20, 'trialing'),
  changed(3, 30, 'active'),
  // The same second: the higher id.
  changed(5, 40, 'unpaid', 'sub_2'),
  changed(4, 40, 'past_due', 'sub_2'),
]
const LATEST = [
  ['sub_1', 'evt_3', 'active'],
  ['sub_2', 'evt_5', 'unpaid'],
]

test('whatever the order, each object’s latest version is the row, and each version is on the record', async t => {
  const example = await startExample(t, 'stripe', { STRIPE_WEBHOOK_SECRETS: SECRET })
  const post = (event: object, signed?: Record<string, string>) => {
    const body = JSON.stringify(event)
    return example.post('/stripe', body, signed ?? asStripe(body, SECRET))
  }
  for (const at of [2, 0, 3, 1, 4]) assert.deepEqual((await post(EVENTS[at] ?? {})).body, { outcome: 'accepted' })
  for (const event of EVENTS) assert.deepEqual((await post(event)).body, { outcome: 'duplicate' })
  assert.equal((await post({ ...EVENTS[0], livemode: true })).status, 409)

  const later = changed(9, 99, 'canceled')
  const body = JSON.stringify(later)
  const old = Math.floor(Date.now() / 1000) - 600
  for (const signed of [
    {},
    asStripe(body, 'whsec_the-secret-of-another'),
    asStripe(body, SECRET, old),
    asStripe('{}', SECRET),
  ])
    assert.equal((await post(later, signed)).status, 401)

  assert.deepEqual(await example.sql("select id, event, object ->> 'status' from stripe_objects order by id"), LATEST)
  assert.equal((await example.get('/stripe/events')).size, 5)
  const { data } = (await example.get('/feeds/stripe/record?key=sub_1')) as { data: { event: { id: string } }[] }
  assert.deepEqual(
    data.map(({ event }) => event.id),
    ['evt_3', 'evt_1', 'evt_2'],
  )
  assert.deepEqual(await example.sql('select reason, count(*)::int from groundstation.dead_letters group by reason'), [
    ['conflict', 1],
  ])
})

test('the order of arrival makes no difference', () => assertOrderIndependent(feed, EVENTS))

const missing = await missingTool('curl', 'openssl', 'psql')
test('the commands of the README do what it says', { skip: missing ?? false }, async t => {
  const example = await startExample(t, 'stripe', { STRIPE_WEBHOOK_SECRETS: SECRET })
  const told = (await example.run('Stripe-Signature')).trim().split('\n')
  assert.deepEqual(told, [...Array(3).fill('{"outcome":"accepted"}'), '{"outcome":"duplicate"}'])
  const shown = await example.run('/stripe/objects')
  assert.match(shown, /"size":1,.*"status":"active"/)
  assert.equal(shown.match(/"sequence":\d/g)?.length, 3)
  assert.match(shown, /sub_1\|1700000030\|active\n$/)
})

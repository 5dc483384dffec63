import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineFeed, http, integer, Type } from 'groundstation'
import { get, serve } from './serve.ts'

const ledger = defineFeed({
  name: 'ledger',
  source: http({ path: '/ledger' }),
  event: Type.Object({ amount: Type.Integer() }),
  identity: { position: true },
  tables: { ledger: { columns: { amount: integer('amount') } } },
  views: { balances: { sql: 'select sum(amount) as total from ledger' } },
  access: { default: 'administrator' },
})

const shop = defineFeed({
  name: 'shop',
  source: http({ path: '/shop' }),
  event: Type.Object({ visits: Type.Integer() }),
  identity: { position: true },
  tables: { visits: { columns: { visits: integer('visits') } } },
  views: {
    own: { path: '/own', sql: 'select sum(visits) as total from visits' },
    theirs: { path: '/theirs', sql: 'select count(*) as bookings from ledger, visits' },
    inside: { path: '/inside', sql: 'select total from balances' },
    later: { path: '/later', key: ['total'], refresh: '1h', sql: 'select total from inside' },
  },
  access: { read: 'open' },
})

const { url, as } = await serve({}, [ledger, shop])

test('a view asks for what every feed asks whose tables it reads, however far behind', async () => {
  assert.equal((await get(`${url}/own`)).status, 200)
  for (const path of ['theirs', 'inside', 'later']) {
    assert.equal((await get(`${url}/${path}`)).status, 401, path)
    assert.equal((await get(`${url}/${path}`, as.operator)).status, 403, path)
    assert.notEqual((await get(`${url}/${path}`, as.administrator)).status, 403, path)
  }
  assert.equal((await get(`${url}/theirs`, as.administrator)).status, 200)
})

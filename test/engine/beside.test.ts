import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { compileFeed } from '../../src/feed/compile.ts'
import { type DeclaredFeed, defineFeed, integer, Type, text } from '../../src/index.ts'
import { freshDatabase } from '../database.ts'
import { newGround, openGround } from './ground.ts'

/** Of one file: orders, whose views read what customers brings, a view of theirs among it. */
const customers = (columns = {}, sql = 'select name from customers') =>
  defineFeed({
    name: 'customers',
    source: { kind: 'http', path: '/customers' },
    event: Type.Object({ name: Type.String(), age: Type.Optional(Type.Integer()) }),
    identity: { snapshot: 'name' },
    state: {
      path: '/customers',
      key: 'name',
      version: Object.keys(columns).length,
      schema: Type.Object({ versions: Type.Integer() }),
      initial: { versions: 0 },
      evolve: ({ versions }) => ({ versions: versions + 1 }),
    },
    tables: { customers: { rows: 'latest', columns: { name: text('name'), ...columns } } },
    views: { names: { sql } },
  })
const orders = (sql: string) =>
  defineFeed({
    name: 'orders',
    source: { kind: 'http', path: '/orders' },
    event: Type.Object({ of: Type.String() }),
    identity: { position: true },
    tables: { orders: { columns: { of: text('of') } } },
    views: { owners: { sql } },
  })
const OF_TABLE = 'select o.of from orders o join customers c on c.name = o.of'
const OF_VIEW = 'select o.of from orders o join names n on n.name = o.of'

const made = (...feeds: DeclaredFeed[]) => ({ made: feeds.map(({ declaration }) => compileFeed(declaration)) })

for (const [what, sql] of Object.entries({ table: OF_TABLE, view: OF_VIEW }))
  test(`a view over a ${what} of a feed beside is made before that one ever ran`, async () => {
    const ground = await newGround([orders(sql)], made(customers(), orders(sql)))
    await ground.send('orders', '{"of":"ann"}')
    assert.deepEqual(await ground.rows('select * from owners'), [])
    await assert.rejects(ground.send('customers', '{"name":"ann"}'), { code: 'NOT_FOUND' })
    const other = await openGround(ground.url, [customers()])
    await other.send('customers', '{"name":"ann"}')
    assert.deepEqual(await ground.rows('select * from owners'), [{ of: 'ann' }])
  })

test('what is served as declared anew stays so where an older declaration of it is only beside', async () => {
  const newer = customers({ age: integer('age') }, 'select name, age from customers')
  const ground = await newGround([newer])
  await ground.send('customers', '{"name":"ann","age":40}')
  const generations = () => ground.rows('select * from groundstation.generation order by feed, generation')
  const before = await generations()
  const older = await openGround(ground.url, [orders(OF_VIEW)], made(customers(), orders(OF_VIEW)))
  await older.send('orders', '{"of":"ann"}')
  assert.deepEqual((await generations()).slice(0, before.length), before)
  assert.equal((await generations()).length, before.length + 1)
  assert.deepEqual(await ground.rows('select * from names'), [{ name: 'ann', age: 40 }])
  assert.deepEqual(await ground.send('customers', '{"name":"bob","age":1}'), [{ outcome: 'accepted', version: 1 }])
})

test('a newer declaration beside brings the columns that are lacking, and nothing else', async () => {
  const ground = await newGround([customers()])
  const newer = customers({ age: integer('age') }, 'select name, age from customers')
  const aged = orders('select o.of, c.age from orders o join customers c on c.name = o.of')
  await openGround(ground.url, [aged], made(newer, aged))
  assert.deepEqual(await ground.rows('select * from owners'), [])
  assert.deepEqual(await ground.send('customers', '{"name":"ann"}'), [{ outcome: 'accepted', version: 1 }])
  assert.deepEqual(await ground.rows('select * from names'), [{ name: 'ann' }])
})

test('a feed beside that can’t be made is told, and stops nobody', async () => {
  const url = await freshDatabase({ after })
  const first = await openGround(url, [customers({ age: integer('age') })])
  const told: string[] = []
  const broken = customers({ age: text('name') })
  const ground = await openGround(url, [orders('select 1 as one')], {
    ...made(broken, orders('select 1 as one')),
    log: (_level, message) => told.push(message),
  })
  assert.deepEqual(await ground.rows('select * from owners'), [{ one: 1 }])
  assert.match(
    told.join('\n'),
    /^the feed customers, which is declared beside it: The table public\.customers has age as integer/,
  )
  assert.deepEqual(await first.rows('select * from names'), [])
})

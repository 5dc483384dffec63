import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TSchema } from 'typebox'
import detections from '../../feeds/detections.ts'
import { validatorOf } from '../../src/feed/validator.ts'
import { until } from '../until.ts'
import { sale, salesFeed } from '../views/feed.ts'
import { get, type List, send, serve } from './serve.ts'

const EVERY_TYPE = `select 9007199254740993::bigint as big, 0.1000000000000000000001::numeric as exact, 1.5::double precision as real,
  true as yes, '2022-02-02T19:39:05.863371+01:00'::timestamptz as at, '2022-02-02'::date as day, interval '1 hour' as span,
  'é "\\' as words, '{"a":[1]}'::jsonb as json, array[1,2] as list, gen_random_uuid() as id, 7::smallint as small,
  null::text as nothing, 1 as "two words"`

const feed = salesFeed({
  types: { path: '/types', sql: EVERY_TYPE },
  numbers: {
    path: '/numbers',
    paging: true,
    key: ['n'],
    sql: 'select n, -n as other from generate_series(1, 2500) as n order by n desc',
  },
  endless: { path: '/endless', sql: 'select n from generate_series(1, 10001) as n' },
  enough: { path: '/enough', sql: 'select n from generate_series(1, 10000) as n' },
  large: { path: '/large', sql: "select n, repeat('x', 1000000) as words from generate_series(1, 10) as n" },
  'marts.sums': {
    path: '/sums',
    key: ['thing'],
    refresh: '1h',
    sql: 'select thing, sum(price) as total from sales group by thing',
  },
  slow: { path: '/slow', key: ['n'], refresh: '1h', sql: 'select 1 as n from pg_sleep(600)' },
  unserved: { sql: 'select 1 as one' },
})

type Rows = { readonly size: number; readonly data: Record<string, unknown>[]; readonly refreshed?: string | null }
const { url, rows, faults, as, server } = await serve({}, [detections, feed])
const list = async (path: string) => {
  const { status, body, text } = await get<Rows>(`${url}${path}`, as.reader)
  assert.equal(status, 200, text)
  assert.equal(body.size, body.data.length)
  return body
}

test('a view over detections counts them by make', async () => {
  const makes = ['Toyota', 'Volvo', 'Toyota', 'Audi', 'Volvo', 'Toyota', 'BMW']
  const events = makes.map(Make => ({ Year: 2011, Make, Model: 'X', Category: 'SUV' }))
  await send(`${url}/feeds/detections/events`, JSON.stringify(events), {
    ...as.writer,
    'content-type': 'application/json',
  })
  assert.deepEqual(await list('/stats'), {
    size: 4,
    data: [
      { make: 'Toyota', count: 3 },
      { make: 'Volvo', count: 2 },
      { make: 'Audi', count: 1 },
      { make: 'BMW', count: 1 },
    ],
  })
  assert.equal((await get(`${url}/stats`)).status, 401)
})

test('each type of column is what JSON has for it, to the last digit', async () => {
  const { text } = await get(`${url}/types`)
  assert.match(text, /"big":9007199254740993,"exact":0\.1000000000000000000001,"real":1\.5,"yes":true/)
  const [row] = (await list('/types')).data
  assert.match(String(row?.id), /^[0-9a-f-]{36}$/)
  assert.deepEqual(
    { ...row, id: '', big: 0, exact: 0, real: 0, yes: 0 },
    {
      ...{ big: 0, exact: 0, real: 0, yes: 0, at: '2022-02-02T18:39:05.863371Z', day: '2022-02-02', span: '01:00:00' },
      ...{
        words: 'é "\\',
        json: { a: [1] },
        list: [1, 2],
        id: '',
        small: 7,
        nothing: null,
        'two words': 1,
      },
    },
  )
})

test('what is answered is what is described, by the columns that PostgreSQL has', async () => {
  type Answers = { get: { responses: Record<string, { content: Record<string, { schema: TSchema }> }> } }
  const paths = server.openapi().paths as Record<string, Answers>
  await until('it is filled', async () => (await get(`${url}/sums`)).status === 200)
  await send(`${url}/sales`, sale('a', 1))
  await rows("update groundstation.view set tried_at = now() - interval '1 day' where name = 'sums'")
  await until('it is fresh', async () => (await list('/sums')).size === 1)
  for (const path of ['/stats', '/types', '/numbers', '/sums']) {
    const schema = paths[path]?.get.responses['200']?.content['application/json']?.schema
    assert.ok(schema)
    const validator = validatorOf(schema)
    const body = await list(path)
    assert.ok(validator.check(body), JSON.stringify(body).slice(0, 500))
    const [row] = body.data
    for (const name of Object.keys(row ?? {})) {
      const { [name]: _, ...others } = row ?? {}
      assert.ok(!validator.check({ ...body, data: [others] }), `${path} without ${name}`)
    }
    assert.ok(!validator.check({ ...body, data: [{ ...row, make: {}, at: {}, n: 'x', total: 'x' }] }), path)
  }
  assert.deepEqual(paths['/unserved'], undefined)
})

test('pages are in the order of the key', async () => {
  const numbers = ({ data }: Rows) => data.map(({ n }) => n)
  const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index)
  const first = await list('/numbers')
  assert.deepEqual([Object.keys(first), numbers(first)], [['skip', 'limit', 'size', 'data'], from(1, 100)])
  assert.deepEqual(numbers(await list('/numbers?skip=2450&limit=1000')), from(2451, 50))
  assert.deepEqual(numbers(await list('/numbers?skip=2500')), [])
})

test('one that isn’t served in pages is given whole, or not at all', async () => {
  assert.equal((await list('/enough')).size, 10_000)
  for (const path of ['/endless', '/large']) assert.equal((await get(`${url}${path}`)).status, 500)
  assert.deepEqual(faults.splice(0), [
    'The view endless has more rows than one answer may: declare it with paging',
    'The view large has more rows than one answer may: declare it with paging',
  ])
})

test('a refreshed one says of when it is, and 503 until it is filled', async () => {
  const { refreshed } = await list('/sums')
  assert.match(String(refreshed), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  const { status, body } = await get(`${url}/slow`)
  assert.deepEqual([status, body.type], [503, 'urn:groundstation:not-filled'])
  const { data } = (await get<List>(`${url}/feeds/sales/views`)).body
  assert.deepEqual(
    data.map(({ name, path, refreshMs, refreshed: at, problem }) => [name, path, refreshMs, at, problem]),
    [
      ...['types', 'numbers', 'endless', 'enough', 'large'].map(name => [name, `/${name}`, null, null, null]),
      ['marts.sums', '/sums', 3_600_000, refreshed, null],
      ['slow', '/slow', 3_600_000, null, null],
      ['unserved', null, null, null, null],
    ],
  )
  const { text } = await textOf('/metrics')
  assert.match(text, /groundstation_view_age_seconds\{feed="sales",view="marts\.sums"\} [\d.]+/)
  assert.match(text, /groundstation_view_problems\{feed="sales",view="slow"\} 0/)
})

const textOf = async (path: string) => ({ text: await (await fetch(`${url}${path}`, { headers: as.reader })).text() })

test('a parameter that isn’t known is 400', async () => {
  for (const query of [
    '/stats?skip=1',
    '/sums?limit=1',
    '/numbers?page=1',
    '/numbers?limit=0',
    '/feeds/sales/views?limit=1',
  ])
    assert.equal((await get(`${url}${query}`, as.reader)).status, 400, query)
  assert.equal((await get(`${url}/feeds/nothing/views`)).status, 404)
})

test('one that a newer process has made otherwise is not served by this one any more', async () => {
  await rows('drop view public.numbers; create view public.numbers as select 1 as m')
  const { status, body } = await get(`${url}/numbers`)
  assert.deepEqual([status, body.type], [503, 'urn:groundstation:declaration-older'])
  await rows('drop view public.numbers')
  assert.equal((await get(`${url}/numbers`)).status, 503)
  assert.deepEqual(faults, [])
})

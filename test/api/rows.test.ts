import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TSchema } from 'typebox'
import detections from '../../feeds/detections.ts'
import { validatorOf } from '../../src/feed/validator.ts'
import { bigint, boolean, defineFeed, double, http, integer, json, Type, text, timestamp } from '../../src/index.ts'
import { seedOf } from '../seed.ts'
import { get, send, serve } from './serve.ts'

const everything = defineFeed({
  name: 'everything',
  source: http({ path: '/everything' }),
  event: Type.Object({
    id: Type.Integer(),
    real: Type.Optional(Type.Number()),
    yes: Type.Optional(Type.Boolean()),
    at: Type.Optional(Type.String({ format: 'date-time' })),
    words: Type.Optional(Type.String()),
  }),
  identity: { unique: 'id' },
  tables: {
    'wide.Everything': {
      key: ['part', 'bigNumber'],
      path: '/everything',
      columns: {
        bigNumber: bigint('id'),
        part: integer((event: { id: number }) => event.id % 2),
        from: double('real'),
        yes: boolean('yes'),
        at: timestamp('at'),
        words: text('words'),
        all: json(''),
      },
    },
  },
})

type Rows = { readonly skip: number; readonly limit: number; readonly size: number; readonly data: Fields[] }
type Contents = Record<string, { readonly content: Record<string, { readonly schema: TSchema }> }>
type Description = { readonly paths: Record<string, { readonly get: { readonly responses: Contents } }> }
type Fields = Record<string, unknown>

const served = await serve({}, [detections, everything])
const { url, as } = served
const list = async (path: string) => {
  const { status, body, text: found } = await get<Rows>(`${url}${path}`, as.reader)
  assert.equal(status, 200, found)
  return body
}
const seen = (year: number) => ({ Year: year, Make: 'Toyota', Model: 'Land Cruiser', Category: 'SUV' })

test('rows come in the order in which they were accepted, whatever the page', async t => {
  const seed = seedOf(t, import.meta.filename)
  const years: number[] = []
  for (let batch = 0; batch < 5; batch++) {
    const some = Array.from({ length: 200 }, (_, index) => ((seed + batch) * 7919 + index * 104_729) % 10_000)
    years.push(...some)
    await send(`${url}/feeds/detections/events`, JSON.stringify(some.map(seen)), {
      'content-type': 'application/json',
      ...as.writer,
    })
  }
  const yearsOf = ({ data }: Rows) => data.map(({ year }) => year)
  const first = await list('/detections')
  assert.deepEqual([first.skip, first.limit, first.size], [0, 100, 100])
  assert.deepEqual(Object.keys(first.data[0] ?? {}), ['id', 'timestamp', 'year', 'make', 'model', 'category'])
  for (const [skip, limit] of [
    [0, 100],
    [0, 1000],
    [1, 1],
    [(seed % 900) + 1, 77],
    [999, 1000],
    [950, 100],
  ] as const) {
    const page = await list(`/detections?skip=${skip}&limit=${limit}`)
    assert.deepEqual(yearsOf(page), years.slice(skip, skip + limit), `skip ${skip}, limit ${limit}`)
    assert.deepEqual([page.skip, page.limit, page.size], [skip, limit, page.data.length])
  }
  assert.deepEqual(await list('/detections?skip=10000000'), { skip: 10_000_000, limit: 100, size: 0, data: [] })
})

test('each type of column is what JSON has for it, to the last digit', async () => {
  const at = '2022-02-02T19:39:05.863370999+01:00'
  const words = 'é "\\ \u{1f680}'
  for (const event of [
    `{"id":9007199254740991,"real":0.1,"yes":true,"at":"${at}","words":${JSON.stringify(words)}}`,
    '{"id":-9007199254740991,"real":1e300}',
    '{"id":4}',
  ])
    assert.equal((await send(`${url}/everything`, event)).status, 200)
  const { text: found, body } = await get<Rows>(`${url}/everything`)
  assert.match(found, /"bigNumber": ?9007199254740991,/)
  const none = { from: null, yes: null, at: null, words: null }
  assert.deepEqual(body.data, [
    { bigNumber: -9007199254740991, part: -1, ...none, from: 1e300, all: { id: -9007199254740991, real: 1e300 } },
    { bigNumber: 4, part: 0, ...none, all: { id: 4 } },
    {
      bigNumber: 9007199254740991,
      part: 1,
      from: 0.1,
      yes: true,
      at: '2022-02-02T18:39:05.863371Z',
      words,
      all: { id: 9007199254740991, real: 0.1, yes: true, at, words },
    },
  ])
})

test('what is answered is what is described', async () => {
  const { paths } = (await get<Description>(`${url}/openapi.json`)).body
  for (const path of ['/everything', '/detections']) {
    const schema = paths[path]?.get.responses['200']?.content['application/json']?.schema
    assert.ok(schema)
    const validator = validatorOf(schema)
    const page = await list(path)
    assert.ok(validator.check(page), JSON.stringify(page.data[0]))
    const [row] = page.data
    for (const name of Object.keys(row ?? {}).filter(column => column !== 'all'))
      for (const other of [undefined, {}])
        assert.ok(!validator.check({ ...page, data: [{ ...row, [name]: other }] }), `${path} ${name}`)
  }
})

test('a page ends before it gets too large, and goes on where it ended', async () => {
  const large = 'x'.repeat(1_000_000)
  for (let id = 100; id < 120; id += 2)
    assert.equal((await send(`${url}/everything`, JSON.stringify({ id, words: large }))).status, 200)
  const ids: unknown[] = []
  for (let skip = 2; ; ) {
    const page = await list(`/everything?skip=${skip}&limit=1000`)
    if (page.size === 0) break
    assert.ok(page.size <= 5, `${page.size} rows of 2 MB`)
    ids.push(...page.data.map(({ bigNumber }) => bigNumber))
    skip += page.size
  }
  assert.deepEqual(ids, [...Array.from({ length: 10 }, (_, index) => 100 + index * 2), 9007199254740991])
})

test('a parameter that is none, or out of bounds, is 400 with a word why', async () => {
  for (const query of [
    ...['skip=-1', 'skip=x', 'skip=', 'skip=10000001', 'skip=1.5', 'skip=1&skip=2', 'skip=0%20or%201=1'],
    ...['limit=0', 'limit=1001', 'limit=ten', 'offset=1', 'after=x', 'sort=year', '__proto__=1'],
  ]) {
    const { status, body } = await get(`${url}/detections?${query}`, as.reader)
    assert.deepEqual([status, body.type], [400, 'urn:groundstation:request-invalid'], query)
    assert.ok(String(body.detail).length > 10)
  }
  assert.deepEqual(served.faults, [])
})

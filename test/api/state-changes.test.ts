import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineFeed, http, Type } from 'groundstation'
import rockets from '../../feeds/rockets.ts'
import { channel, exploded, faster, launched } from './rocket.ts'
import { get, type List, send, serve } from './serve.ts'

/** Serves all that was posted, of fields that nobody declared as well. */
const open = defineFeed({
  name: 'open',
  source: http({ path: '/things' }),
  event: Type.Object({ id: Type.String({ minLength: 1 }) }),
  identity: { snapshot: 'id' },
  state: {
    path: '/things',
    key: 'id',
    stands: { sequence: 'version' },
    schema: Type.Object({ count: Type.Integer() }, { additionalProperties: true }),
    sort: ['count'],
    initial: { count: 0 },
    evolve: (known, thing) => ({ ...thing, count: known.count + 1 }),
  },
})

type Changes = { readonly key: string; readonly from: number; readonly to: number; readonly changes: object[] }

const served = await serve({}, [rockets, open])
const post = (thing: string) => send(`${served.url}/things`, thing)
const changesOf = (path: string) => get<Changes>(`${served.url}${path}`)

test('an open state is served with all that it carries, but for the names that say where it stands', async () => {
  await post('{"id":"a","version":"x","time":1,"complete":"no","count":17,"__proto__":{"b":1},"deep":{"list":[1,"é"]}}')
  const { text } = await get(`${served.url}/things/a`)
  const shown = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual(
    Object.fromEntries(Object.entries(shown)),
    Object.fromEntries([
      ['id', 'a'],
      ['count', 1],
      ['__proto__', { b: 1 }],
      ['deep', { list: [1, 'é'] }],
      ['version', 1],
      ['time', null],
      ['complete', true],
    ]),
  )
  assert.equal(text.match(/"version"|"time"|"complete"|"id"/g)?.length, 4)
  const document = (await get<{ components: { schemas: Record<string, object> } }>(`${served.url}/openapi.json`)).body
  const schemas = Object.values(document.components.schemas) as {
    properties?: object
    additionalProperties?: unknown
  }[]
  const of = (field: string) => schemas.find(({ properties }) => field in (properties ?? {}))
  assert.equal(of('version')?.additionalProperties, true)
  assert.equal(of('mission')?.additionalProperties, undefined)
})

test('an earlier version is as it was, and the changes between two are told by place', async () => {
  await post('{"id":"b","name":"one","links":{"a":null,"b":[1,2]}}')
  await post('{"id":"b","name":"one","links":{"a":"x","b":[1]}}')
  await post('{"id":"b","links":{"a":"x","b":[1]},"success":true}')
  const second = { id: 'b', count: 2, name: 'one', links: { a: 'x', b: [1] }, version: 2, time: null, complete: true }
  assert.deepEqual((await get(`${served.url}/things/b?at=2`)).body, second)
  const counted = (from: number, to: number) => ({ pointer: '/count', from, to })
  const last = [counted(2, 3), { pointer: '/name', from: 'one' }, { pointer: '/success', to: true }]
  const first = [
    { pointer: '/links/a', from: null, to: 'x' },
    { pointer: '/links/b/1', from: 2 },
  ]
  assert.deepEqual((await changesOf('/things/b/changes')).body, { key: 'b', from: 2, to: 3, changes: last })
  assert.deepEqual((await changesOf('/things/b/changes?to=2')).body.changes, [counted(1, 2), ...first])
  const all = (await changesOf('/things/b/changes?from=1')).body
  assert.deepEqual(all, { key: 'b', from: 1, to: 3, changes: [counted(1, 3), ...first, ...last.slice(1)] })
  assert.deepEqual((await changesOf('/things/b/changes?from=2&to=2')).body.changes, [])
  assert.deepEqual((await changesOf('/things/b/changes?to=1')).body, {
    key: 'b',
    from: 0,
    to: 1,
    changes: [
      { pointer: '/count', to: 1 },
      { pointer: '/links', to: { a: null, b: [1, 2] } },
      { pointer: '/name', to: 'one' },
    ],
  })
})

test('of rockets too, a number that is missing included', async () => {
  const key = channel(1)
  await send(`${served.url}/messages`, `[${launched(key, 1)},${faster(key, 2, 100)},${exploded(key, 3, 'FIRE')}]`)
  const path = `/rockets/${key.toUpperCase()}/changes`
  const burnt = [
    { pointer: '/exploded', from: false, to: true },
    { pointer: '/reason', from: null, to: 'FIRE' },
  ]
  assert.deepEqual((await changesOf(path)).body, { key, from: 2, to: 3, changes: burnt })
  const all = [burnt[0], burnt[1], { pointer: '/speed', from: 500, to: 600 }]
  assert.deepEqual((await changesOf(`${path}?from=1&to=3`)).body.changes, all)
})

test('what there is none of is 404, and nonsense 400', async () => {
  await post('{"id":"c"}')
  const status = async (query: string) => (await get(`${served.url}/things/${query}`)).status
  assert.equal(await status('nobody/changes'), 404)
  assert.equal(await status('%00/changes'), 404)
  assert.equal(await status('c/changes?to=2'), 404)
  assert.equal(await status('c/changes?from=2'), 404)
  assert.equal(await status('c/changes?from=2&to=3'), 404)
  for (const query of ['from=-1', 'to=0', 'from=1.5', 'to=two', 'from=2&to=1', 'at=1', 'from=1&from=1', 'from='])
    assert.equal(await status(`c/changes?${query}`), 400, query)
})

test('a list of large states ends its pages by their bytes, and has each once', async () => {
  const text = 'x'.repeat(900_000)
  for (let index = 0; index < 20; index++) await post(`{"id":"large ${index + 10}","text":"${text}"}`)
  const ids: string[] = []
  let after = ''
  for (let page = 0; page < 4 && after !== '-'; page++) {
    const answer = await get<List<{ id: string }>>(`${served.url}/things?sort=id&limit=1000${after}`)
    assert.ok(answer.text.length < 10 * 1024 * 1024, `${answer.text.length} bytes`)
    ids.push(...answer.body.data.map(({ id }) => id))
    after = answer.body.next === null ? '-' : `&after=${answer.body.next}`
  }
  const large = ids.filter(id => id.startsWith('large'))
  assert.deepEqual(
    large,
    Array.from({ length: 20 }, (_, index) => `large ${index + 10}`),
  )
  assert.ok(ids.length > large.length && after === '-')
})

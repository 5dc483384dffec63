import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseFaults } from '../../../simulators/spacex/faults/faults.ts'
import { api, type Launch, type Page } from './api.ts'

const LAUNCHES = { query: '{ launches(limit: 5) { id } rockets { id } }' }

describe('faults on purpose', () => {
  it('500 and 503, and 429 with the seconds to wait', async t => {
    for (const status of [500, 503, 429]) {
      const { get, post } = await api(t, { launches: 3, faults: `${status},retry-after=7` })
      const { status: answered, headers } = await get('/v4/launches')
      assert.equal(answered, status)
      assert.equal(headers.get('retry-after'), status === 500 ? null : '7')
      assert.equal((await post('/graphql', LAUNCHES)).status, status)
    }
  })

  it('half a JSON, whole as HTTP; cut off, which is not; a page of HTML', async t => {
    const half = await fetch(`${(await api(t, { launches: 3, faults: 'half' })).url}/v4/launches`)
    assert.equal(half.status, 200)
    const text = await half.text()
    assert.ok(text.startsWith('[{"links"'))
    assert.throws(() => JSON.parse(text), SyntaxError)
    const cut = await fetch(`${(await api(t, { launches: 3, faults: 'cut' })).url}/v4/launches`)
    assert.equal(cut.status, 200)
    await assert.rejects(cut.text())
    const html = await fetch(`${(await api(t, { launches: 3, faults: 'html' })).url}/v4/launches`)
    assert.equal(html.headers.get('content-type'), 'text/html')
  })

  it('pages without an end, and the same one again', async t => {
    const endless = await api(t, { launches: 12, faults: 'endless' })
    const far = (await endless.post<Page>('/v4/launches/query', { options: { page: 1_000 } })).body
    assert.deepEqual([far.docs.length > 0, far.hasNextPage, far.nextPage], [true, true, 1_001])
    const offset = (await endless.graphql<{ launches: object[] }>('{ launches(limit: 5, offset: 5000) { id } }'))
      .launches
    assert.ok(offset.length > 0)
    const same = await api(t, { launches: 12, faults: 'same-cursor' })
    const ids = async (page: number) => {
      const { body } = await same.post<Page>('/v4/launches/query', { options: { page, limit: 5 } })
      assert.deepEqual([body.hasNextPage, body.nextPage], [true, page])
      return body.docs.map(({ id }) => id)
    }
    assert.deepEqual(await ids(2), await ids(1))
    const graphql = async (from: number) => same.graphql(`{ launches(limit: 5, offset: ${from}) { id } }`)
    assert.deepEqual(await graphql(5), await graphql(0))
  })

  it('a redirect elsewhere', async t => {
    const { get } = await api(t, { launches: 1, faults: 'redirect=http://10.0.0.1/private' })
    const { status, headers } = await get('/v4/launches')
    assert.deepEqual([status, headers.get('location')], [302, 'http://10.0.0.1/private'])
  })

  it('GraphQL errors with status 200, with and without data', async t => {
    const { post } = await api(t, { launches: 9, faults: 'graphql-errors' })
    type Body = { readonly errors: readonly object[]; readonly data: { readonly launches: null } | null }
    const kinds = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const { status, body } = await post<Body>('/graphql', LAUNCHES)
      assert.equal(status, 200)
      assert.ok(body.errors.length > 0)
      kinds.add(JSON.stringify(body.data))
    }
    assert.deepEqual(kinds, new Set(['null', '{"launches":null,"rockets":null}']))
  })

  it('nulls in the place of lists and of items, and lists that are half as long', async t => {
    const nulls = await api(t, { launches: 9, faults: 'nulls' })
    const kinds = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const { body } = await nulls.get<(Launch | null)[] | null>('/v4/launches')
      kinds.add(body === null ? 'list' : body.at(-1) === null ? 'item' : 'none')
      const { launches } = await nulls.graphql<{ launches: (object | null)[] | null }>(LAUNCHES.query)
      kinds.add(launches === null ? 'field' : launches.at(-1) === null ? 'entry' : 'none')
    }
    assert.deepEqual(kinds, new Set(['list', 'item', 'field', 'entry']))
    const drop = await api(t, { launches: 9, faults: 'drop' })
    assert.equal((await drop.get<Launch[]>('/v4/launches')).body.length, 4)
    const { launches, launchesPastResult } = await drop.graphql<{
      launches: object[]
      launchesPastResult: { result: { totalCount: number }; data: object[] }
    }>('{ launches(limit: 6) { id } launchesPastResult { result { totalCount } data { id } } }')
    assert.equal(launches.length, 3)
    assert.deepEqual([launchesPastResult.result.totalCount, launchesPastResult.data.length], [8, 4])
  })

  it('answers that take their time', async t => {
    const { get } = await api(t, { launches: 1, faults: 'slow=50ms' })
    const startMs = performance.now()
    await get('/v4/launches')
    assert.ok(performance.now() - startMs >= 49)
  })

  it('in as many requests as asked for, the same ones with the same seed, whatever comes between', async t => {
    const run = async (seed: number, isNoisy: boolean) => {
      const { get } = await api(t, { launches: 1, seed, faults: '500=0.3' })
      const statuses: number[] = []
      for (let i = 0; i < 100; i++) {
        if (isNoisy) await get('/v4/rockets')
        statuses.push((await get('/v4/launches')).status)
      }
      return statuses
    }
    const first = await run(444, false)
    const failed = first.filter(status => status === 500).length
    assert.ok(failed > 15 && failed < 45, `${failed}`)
    assert.deepEqual(await run(444, true), first)
    assert.notDeepEqual(await run(445, false), first)
  })

  it('end when they are told to, and are counted', async t => {
    const { get, post } = await api(t, { launches: 1, faults: '500' })
    assert.equal((await get('/v4/launches')).status, 500)
    await post('/_faults', { faults: '' })
    assert.equal((await get('/v4/launches')).status, 200)
    assert.deepEqual((await get('/_requests')).body, { requests: 2, notModified: 0, faults: 1 })
  })

  for (const text of [
    '600',
    '500=2',
    '500=',
    'redirect=there',
    'redirect',
    'slow',
    'slow=5',
    'slow=x@1s',
    'retry-after=soon',
  ])
    it(`are refused as ${text}`, () => assert.throws(() => parseFaults(text), { code: 'USAGE' }))
})

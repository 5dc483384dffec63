import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Api, api, captures, type Launch, type Page } from './api.ts'

const REST = 'spacex-rest'

describe('the simulated REST API, at the end of the captured story', () => {
  it('answers with what was captured, field for field', async t => {
    const given = captures(t)
    if (given === undefined) return
    const { get } = await api(t, { data: given.folder })
    for (const [path, file, count] of [
      ['launches', 'launches_2022-09', 193],
      ['rockets', 'rockets', 4],
      ['payloads', 'payloads', 225],
      ['launchpads', 'launchpads', 6],
    ] as const) {
      const documents: Launch[] = await given.read(`${REST}/${file}.json`)
      const { status, body } = await get<Launch[]>(`/v4/${path}`)
      assert.equal(status, 200)
      assert.equal(body.length, count)
      assert.deepEqual(body, documents)
      const one: Launch | undefined = documents[1]
      assert.deepEqual((await get(`/v4/${path}/${one?.id}`)).body, one)
    }
  })

  it('knows the latest, the next, the past and the coming launches', async t => {
    const given = captures(t)
    if (given === undefined) return
    const launches = await given.read<Launch[]>(`${REST}/launches_2022-09.json`)
    const { get } = await api(t, { data: given.folder })
    const coming = launches.filter(({ upcoming }) => upcoming)
    const past = launches.filter(({ upcoming }) => !upcoming)
    const latest = past.reduce((a, b) => (b.flight_number > a.flight_number ? b : a))
    assert.deepEqual((await get('/v4/launches/latest')).body, latest)
    assert.equal((await get<Launch>('/v4/launches/next')).body.id, coming[0]?.id)
    assert.equal((await get<Launch[]>('/v4/launches/past')).body.length, past.length)
    assert.equal((await get<Launch[]>('/v4/launches/upcoming')).body.length, coming.length)
  })

  it('pages through all of a query, each once', async t => {
    const given = captures(t)
    if (given === undefined) return
    const launches = await given.read<Launch[]>(`${REST}/launches_2022-09.json`)
    const { post } = await api(t, { data: given.folder })
    const query = { success: true, 'links.article': { $ne: null } }
    const seen: Launch[] = []
    for (let page: number | null = 1; page !== null; ) {
      const { body }: { body: Page } = await post('/v4/launches/query', { query, options: { page, limit: 30 } })
      assert.equal(body.page, page)
      assert.equal(body.hasNextPage, body.nextPage !== null)
      seen.push(...body.docs)
      page = body.nextPage
    }
    const expected = launches.filter(({ success, links }) => success === true && links.article !== null)
    assert.deepEqual(seen, expected)
  })
})

describe('the simulated REST API, with launches made up', () => {
  const query = async ({ post }: Api, options: object, where: object = {}) =>
    (await post<Page>('/v4/launches/query', { query: where, options })).body

  it('has the defaults of mongoose-paginate', async t => {
    const page = await query(await api(t, { launches: 25 }), {})
    assert.equal(page.docs.length, 10)
    assert.deepEqual(
      { ...page, docs: [] },
      {
        docs: [],
        ...{ totalDocs: 25, offset: 0, limit: 10, totalPages: 3, page: 1, pagingCounter: 1 },
        ...{ hasPrevPage: false, hasNextPage: true, prevPage: null, nextPage: 2 },
      },
    )
  })

  it('sorts, selects and does without pages', async t => {
    const spacex = await api(t, { launches: 25 })
    const all = await query(spacex, { pagination: false, sort: '-flight_number', select: 'name links.article' })
    assert.equal(all.docs.length, 25)
    assert.deepEqual(all.docs[0], { links: { article: null }, name: 'Flight 25', id: all.docs[0]?.id })
    const sorted = await query(spacex, { limit: 25, sort: { success: 'desc', date_utc: 1 }, select: ['-links'] })
    const successes = sorted.docs.map(({ success }) => success)
    assert.deepEqual(
      successes,
      successes.toSorted((a, b) => rank(b) - rank(a)),
    )
    assert.ok(sorted.docs.every(launch => !('links' in launch) && 'date_utc' in launch))
    assert.deepEqual((await query(spacex, { page: 4 })).docs, [])
    assert.equal((await query(spacex, {}, { flight_number: { $gt: 20, $lte: 22 } })).totalDocs, 2)
    assert.equal(
      (await query(spacex, {}, { $or: [{ name: 'Flight 3' }, { name: { $regex: '^flight 1$', $options: 'i' } }] }))
        .totalDocs,
      2,
    )
  })

  for (const [name, body] of [
    ['code', { query: { $where: 'true' } }],
    ['an operation that is none', { query: { name: { $like: 'a' } } }],
    ['a page that is none', { options: { page: 0 } }],
    ['fields kept and left out', { options: { select: 'name -links' } }],
    ['a direction that is none', { options: { sort: { name: 'up' } } }],
    ['what it does not simulate', { options: { populate: ['rocket'] } }],
    ['a list', []],
  ] as const)
    it(`refuses a query with ${name}`, async t => {
      const { post } = await api(t, { launches: 1 })
      assert.equal((await post('/v4/launches/query', body)).status, 400)
    })

  it('answers 404 to what is not there', async t => {
    const { get } = await api(t, { launches: 1 })
    for (const path of ['/v4/launches/none', '/v4/ships', '/']) {
      const { status, body } = await get(path)
      assert.deepEqual({ status, body }, { status: 404, body: 'Not Found' })
    }
  })

  it('answers 304 to who has it already, and anew once it changes', async t => {
    const { get, post } = await api(t, { launches: 5, time: '2015-02-10T00:00:00Z' })
    const { headers } = await get('/v4/launches')
    const known: [string, string | null][] = [
      ['if-none-match', headers.get('etag')],
      ['if-modified-since', headers.get('last-modified')],
    ]
    const statuses = () =>
      Promise.all(known.map(async ([name, value]) => (await get('/v4/launches', { [name]: value ?? '' })).status))
    assert.deepEqual(await statuses(), [304, 304])
    await post('/_time', { time: 'next' })
    assert.deepEqual(await statuses(), [200, 200])
    assert.equal(
      (await get('/v4/launches', { 'if-none-match': '"other"', 'if-modified-since': known[1]?.[1] ?? '' })).status,
      200,
    )
  })
})

const rank = (success: boolean | null) => (success === null ? 0 : success ? 2 : 1)

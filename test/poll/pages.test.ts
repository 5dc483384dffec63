import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { type Answering, json, openApi } from './api.ts'
import { ask } from './asking.ts'

const ALL = Array.from({ length: 7 }, (_, index) => ({ id: `t${index}` }))
const TEXTS = ALL.map(item => JSON.stringify(item))
const parametersOf = (request: IncomingMessage) => new URL(request.url ?? '', 'http://x').searchParams
const numberIn = (request: IncomingMessage, name: string) => Number(parametersOf(request).get(name))

/** Answers by what was asked for: the parameters, and the body where there is one. */
const by =
  (answer: (request: IncomingMessage, body: string) => Answering): Answering =>
  (request, response, number) =>
    void text(request).then(body => answer(request, body)(request, response, number))

describe('pages by their number', () => {
  const numbered = by(request => {
    const page = numberIn(request, 'page')
    return json(ALL.slice((page - 1) * 3, page * 3))
  })
  it('go on to the one that is not full', async t => {
    const api = await openApi(t, numbered)
    const asked = await ask(t, {
      url: api.url,
      path: '/things?sort=id',
      pages: { page: 'page', limit: 'size', size: 3 },
    })
    assert.deepEqual(asked.pages, [TEXTS.slice(0, 3), TEXTS.slice(3, 6), TEXTS.slice(6)])
    assert.deepEqual(
      api.asked,
      [1, 2, 3].map(page => `GET /things?sort=id&size=3&page=${page}`),
    )
  })
  it('side by side come in their order, and no more of them than may be', async t => {
    let underWay = 0
    let most = 0
    const api = await openApi(t, (request, response, number) => {
      most = Math.max(most, ++underWay)
      // The first is answered last.
      const answer = () => {
        underWay--
        numbered(request, response, number)
      }
      setTimeout(answer, number === 1 ? 60 : 20)
    })
    const { pages } = await ask(t, { url: api.url, pages: { page: 'page', limit: 'size', size: 3, atOnce: 3 } })
    assert.deepEqual(pages.flat(), TEXTS)
    assert.ok(most > 1 && most <= 3, `${most} at once`)
  })
  it('that the answer names, in a body that is posted, as SpaceX has it', async t => {
    const bodies: unknown[] = []
    const api = await openApi(
      t,
      by((_request, body) => {
        bodies.push(JSON.parse(body))
        const { page = 1 } = JSON.parse(body).options
        const docs = ALL.slice((page - 1) * 4, page * 4)
        return json({ docs, hasNextPage: page === 1, nextPage: page === 1 ? 2 : null })
      }),
    )
    const { pages } = await ask(t, {
      url: api.url,
      path: '/v4/launches/query',
      body: { query: {}, options: { sort: 'id' } },
      items: 'docs',
      pages: { page: 'options.page', limit: 'options.limit', size: 4, next: 'nextPage', more: 'hasNextPage' },
    })
    assert.deepEqual(pages, [TEXTS.slice(0, 4), TEXTS.slice(4)])
    assert.deepEqual(
      bodies,
      [1, 2].map(page => ({ query: {}, options: { sort: 'id', limit: 4, page } })),
    )
    assert.deepEqual(api.asked, ['POST /v4/launches/query', 'POST /v4/launches/query'])
  })
})

describe('pages by offset', () => {
  /** An API that gives at most so many, whatever it is asked for. */
  const cut = (most: number) =>
    by(request => {
      const offset = numberIn(request, 'offset')
      return json(ALL.slice(offset, offset + Math.min(most, numberIn(request, 'limit'))))
    })
  for (const atOnce of [1, 3])
    it(`lose nothing where the API gives fewer than were asked for, ${atOnce} at once`, async t => {
      const api = await openApi(t, cut(2))
      const { pages } = await ask(t, { url: api.url, pages: { offset: 'offset', limit: 'limit', size: 5, atOnce } })
      assert.deepEqual(pages.flat(), TEXTS)
    })
})

describe('pages that the answer names', () => {
  it('by a cursor, the first without one', async t => {
    const api = await openApi(
      t,
      by(request => {
        const start = numberIn(request, 'after')
        const next = start + 3 < ALL.length ? String(start + 3) : null
        return json({ data: { list: ALL.slice(start, start + 3) }, meta: { next } })
      }),
    )
    const { pages } = await ask(t, { url: api.url, items: 'data.list', pages: { cursor: 'after', next: 'meta.next' } })
    assert.deepEqual(pages.flat(), TEXTS)
    assert.deepEqual(api.asked, ['GET /', 'GET /?after=3', 'GET /?after=6'])
  })
  it('by a Link header, and by an address in the answer', async t => {
    const url = { at: '' }
    const api = await openApi(
      t,
      by(request => {
        const page = numberIn(request, 'p')
        const next = `${url.at}/?p=${page + 1}`
        const headers = { link: `<${url.at}/>; rel="first", <${next}>; title="a, b"; rel="prefetch next"` }
        const value = { items: ALL.slice(page * 4, page * 4 + 4), next: page === 0 ? next : '' }
        return json(value, page === 0 ? headers : { link: `<${url.at}/>; rel="first"` })
      }),
    )
    url.at = api.url
    for (const pages of [{ link: true }, { url: 'next' }] as const) {
      const asked = await ask(t, { url: api.url, items: 'items', pages })
      assert.equal(asked.error, undefined)
      assert.deepEqual(asked.pages.flat(), TEXTS)
    }
  })
  it('in GraphQL, as a variable', async t => {
    const api = await openApi(
      t,
      by((_request, body) => {
        const { query, variables } = JSON.parse(body)
        assert.match(query, /things/)
        const start = Number(variables.after ?? 0)
        const pageInfo = { endCursor: String(start + 4), hasNextPage: start === 0 }
        return json({ data: { things: { nodes: ALL.slice(start, start + 4), pageInfo } } })
      }),
    )
    const { pages, error } = await ask(t, {
      url: api.url,
      path: '/graphql',
      graphql: {
        query: 'query ($after: String) { things(after: $after) { nodes { id } } }',
        variables: { after: null },
      },
      items: 'data.things.nodes',
      pages: { cursor: 'after', next: 'data.things.pageInfo.endCursor', more: 'data.things.pageInfo.hasNextPage' },
    })
    assert.equal(error, undefined)
    assert.deepEqual(pages.flat(), TEXTS)
  })
})

describe('an API that never ends', () => {
  const failsWith = async (
    t: TestContext,
    answer: Answering,
    pages: Parameters<typeof ask>[1]['pages'],
    message: RegExp,
  ) => {
    const api = await openApi(t, answer)
    const { error } = await ask(t, { url: api.url, items: 'items', ...(pages === undefined ? {} : { pages }) })
    assert.equal(error?.code, 'SOURCE_ANSWER')
    assert.match(error?.message ?? '', message)
    return api.asked.length
  }
  it('names the same cursor again', async t => {
    let turn = 0
    const circle: Answering = (request, response, number) =>
      json({ items: [{ id: `${number}` }], next: ['b', 'c', 'a'][turn++ % 3] })(request, response, number)
    const requests = await failsWith(t, circle, { cursor: 'at', next: 'next' }, /one that it has named before/)
    assert.ok(requests <= 5, `${requests}`)
  })
  it('has ever more pages than the bound', async t => {
    const endless: Answering = (request, response, number) =>
      json({ items: [{ id: `${number}` }], next: `${number}` })(request, response, number)
    const requests = await failsWith(t, endless, { cursor: 'at', next: 'next', max: 9 }, /more than 9 pages/)
    assert.ok(requests <= 10, `${requests}`)
  })
  it("doesn't look at which page it is asked for", async t => {
    await failsWith(t, json({ items: ALL }), { page: 'page' }, /same items on two of its pages/)
  })
  it('begins again after its last page, with ever more numbers', async t => {
    const again: Answering = (request, response, number) =>
      json({ items: [{ id: `${number % 4}` }], next: number + 1 })(request, response, number)
    const requests = await failsWith(t, again, { page: 'page', next: 'next' }, /the same items on two of its pages/)
    assert.ok(requests <= 6, `${requests}`)
  })
  it('says neither that there are more nor that there are none', async t => {
    await failsWith(t, json({ items: ALL }), { page: 'page', more: 'more' }, /neither true nor false/)
    await failsWith(t, json({ items: ALL, more: true }), { cursor: 'a', next: 'n', more: 'more' }, /nothing that names/)
  })
})

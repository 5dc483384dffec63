import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { boolean, type DeclaredFeed, defineFeed, json as jsonColumn, poll, Type, text } from 'groundstation'
import { tombstoneOf } from '../../src/sources/poll/gone.ts'
import { pollNow } from '../../src/sources/poll/poller.ts'
import { type Answering, json, openApi } from './api.ts'
import { openWorld, type World } from './world.ts'

const feed = (url: string, more: object = {}): DeclaredFeed =>
  defineFeed({
    name: 'things',
    source: poll({ url, every: '1h', gone: 'tombstone', ...more }),
    event: Type.Object({ id: Type.String({ minLength: 1 }), gone: Type.Optional(Type.Boolean()) }),
    identity: { snapshot: 'id' },
    tables: { things: { rows: 'latest', columns: { id: text('id'), gone: boolean('gone'), raw: jsonColumn('') } } },
  })

const named = (...ids: string[]) => ids.map(id => ({ id, n: 1 }))
const ALL = ['a', 'b', 'c', 'd']

async function open(t: TestContext, more: object = {}) {
  const api = await openApi(t, json(named(...ALL)))
  const world = await openWorld(t, feed(api.url, more))
  /** Polls an API that answers so; how many were gone, and whether the poll counts. */
  const polled = async (answer: Answering | string[]) => {
    api.answer(Array.isArray(answer) ? json(named(...answer)) : answer)
    const { gone, isComplete } = await world.poll()
    return [gone, isComplete]
  }
  return { world, polled, api }
}

const goneIn = async ({ rows }: World) =>
  (await rows('select id from things where gone order by id')).map(({ id }) => id)

describe('what is gone', () => {
  it('is so when two complete polls in a row do not have it, once, until it is back', async t => {
    const { world, polled } = await open(t)
    assert.deepEqual(await polled(ALL), [0, true])
    assert.deepEqual(await polled(['b', 'c', 'd']), [0, true])
    assert.deepEqual(await goneIn(world), [])
    assert.deepEqual(await polled(['b', 'c', 'd']), [1, true])
    assert.deepEqual(await goneIn(world), ['a'])
    assert.deepEqual(await polled(['b', 'c', 'd']), [0, true])
    assert.deepEqual(await polled(ALL), [0, true])
    assert.deepEqual(await goneIn(world), [])
    assert.deepEqual(
      (await world.rows("select sequence, event from groundstation.record where key = 'a' order by sequence")).map(
        ({ event }) => event,
      ),
      [
        { id: 'a', n: 1 },
        { id: 'a', n: 1, gone: true },
        { id: 'a', n: 1 },
      ],
    )
  })

  it('is not what was missing twice, and there between', async t => {
    const { world, polled } = await open(t)
    for (const ids of [ALL, ['b', 'c', 'd'], ALL, ['b', 'c', 'd']]) assert.deepEqual(await polled(ids), [0, true])
    assert.deepEqual(await goneIn(world), [])
  })

  it('is not what a poll lacks that failed, had a null, or refused an item', async t => {
    const { world, polled } = await open(t)
    await polled(ALL)
    const failing: Answering = (_request, response) => void response.writeHead(404).end()
    for (const answer of [
      failing,
      json(null),
      json([...named('b', 'c', 'd'), { id: 7 }]),
      json([...named('b', 'c', 'd'), null]),
    ])
      assert.deepEqual(await polled(answer), [0, false])
    assert.deepEqual(await polled(['b', 'c', 'd']), [0, true])
    // One that isn't complete is no poll in a row; but what it saw is there.
    assert.deepEqual(await polled(json([...named('a'), { id: 7 }])), [0, false])
    assert.deepEqual(await polled(['b', 'c', 'd']), [0, true])
    assert.deepEqual(await polled(failing), [0, false])
    assert.deepEqual(await polled(['b', 'c', 'd']), [1, true])
    assert.deepEqual(await goneIn(world), ['a'])
  })

  it('is not what a poll lacks that has far fewer items, until somebody says so', async t => {
    const { world, polled, api } = await open(t)
    await polled(ALL)
    for (let again = 0; again < 3; again++) assert.deepEqual(await polled(['b']), [0, false])
    assert.deepEqual(await polled([]), [0, false])
    const said = await world.value('select error from groundstation.poll_run where run = 4')
    assert.match(String(said), /has 1 items and the last complete poll had 4/)
    api.answer(json(named('b')))
    const accepting = openWorld(t, feed(api.url), { url: world.url })
    const options = { ...(await accepting).run, acceptsDrop: true }
    const { gone, isComplete } = await pollNow(options, new AbortController().signal)
    assert.deepEqual([gone, isComplete], [0, true])
    assert.deepEqual(await polled(['b']), [3, true])
    assert.deepEqual(await goneIn(world), ['a', 'c', 'd'])
  })

  it('counts a poll that was told that nothing has changed', async t => {
    const { polled, api } = await open(t)
    const versioned =
      (etag: string, ...ids: string[]): Answering =>
      (request, response, number) => {
        if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end()
        json(named(...ids), { etag })(request, response, number)
      }
    assert.deepEqual(await polled(versioned('"1"', ...ALL)), [0, true])
    assert.deepEqual(await polled(versioned('"1"', ...ALL)), [0, true])
    assert.deepEqual(await polled(versioned('"2"', 'a', 'b', 'c')), [0, true])
    assert.deepEqual(await polled(versioned('"2"', 'a', 'b', 'c')), [1, true])
    assert.deepEqual(await polled(versioned('"2"', 'a', 'b', 'c')), [0, true])
    assert.equal(api.asked.length, 5)
  })

  it('is seen over all of the pages', async t => {
    const { polled } = await open(t, { items: 'docs', pages: { page: 'page', more: 'more' } })
    const pages =
      (...ids: string[]): Answering =>
      (request, response, number) => {
        const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'))
        json({ docs: named(...ids.slice(page * 2 - 2, page * 2)), more: page * 2 < ids.length })(
          request,
          response,
          number,
        )
      }
    assert.deepEqual(await polled(pages(...ALL)), [0, true])
    assert.deepEqual(await polled(pages('c', 'a', 'd')), [0, true])
    assert.deepEqual(await polled(pages('d', 'a', 'c')), [1, true])
  })
})

it('a tombstone keeps the bytes of what it was', () => {
  assert.equal(String(tombstoneOf('{ "id": "a", "n": 1.50 }\n')), '{ "id": "a", "n": 1.50 ,"gone":true}\n')
  assert.equal(String(tombstoneOf('{ }')), '{ "gone":true}')
  assert.deepEqual(JSON.parse(String(tombstoneOf('{"gone":false,"x":"}"}'))), { gone: true, x: '}' })
})

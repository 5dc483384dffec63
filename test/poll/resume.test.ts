import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { Poller } from '../../src/sources/poll/poller.ts'
import { folderWith, POLLED_FEED, spawnProgram } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'
import { until } from '../until.ts'
import { type Answering, json, openApi } from './api.ts'
import { countsOf, openWorld, things } from './world.ts'

const ALL = Array.from({ length: 9 }, (_, index) => ({ id: `t${index}` }))
const pageIn = (url = '') => Number(new URL(url, 'http://x').searchParams.get('page'))
const numbered: Answering = (request, response, number) => {
  const page = pageIn(request.url)
  json({ docs: ALL.slice(page * 3 - 3, page * 3), more: page < 3 })(request, response, number)
}
const source = (url: string) => ({ url, every: '1h', items: 'docs', pages: { page: 'page', more: 'more' } })
const paged = (url: string) => things(source(url))

/** A poll of three pages that was stopped when two of them were applied. */
async function cutOffBehindTwo(t: TestContext) {
  const stopping = new AbortController()
  const api = await openApi(t, (request, response, number) => {
    if (pageIn(request.url) < 3) numbered(request, response, number)
  })
  const first = await openWorld(t, paged(api.url))
  const stopped = assert.rejects(first.poll(stopping.signal))
  await until('two pages are applied', async () => (await first.value('select count(*)::int from things')) === 6)
  stopping.abort(new Error('stop'))
  await stopped
  return { api, first }
}

describe('a poll that is cut off', () => {
  it('goes on behind the last page that was applied, and is one run', async t => {
    const { api, first } = await cutOffBehindTwo(t)
    assert.deepEqual(await first.rows('select run, ms from groundstation.poll_run'), [{ run: 1, ms: null }])
    api.answer(numbered)
    api.asked.length = 0
    const second = await openWorld(t, paged(api.url), { url: first.url })
    const report = await second.poll()
    assert.deepEqual(api.asked, ['GET /?page=3'])
    assert.deepEqual([report.run, ...countsOf(report), report.isComplete], [1, 9, 0, 0, 0, true])
    // The next begins anew.
    assert.deepEqual(countsOf(await first.poll()), [0, 0, 9, 0])
    assert.equal(api.asked.length, 4)
  })

  it('goes on from the first page where it is declared otherwise by then', async t => {
    const { api, first } = await cutOffBehindTwo(t)
    const others = ALL.map(({ id }) => ({ id: `other ${id}` }))
    api.answer((request, response, number) => {
      const page = pageIn(request.url)
      json({ docs: others.slice(page * 3 - 3, page * 3), more: page < 3 })(request, response, number)
    })
    const second = await openWorld(t, things({ ...source(api.url), path: '/others' }), { url: first.url })
    const report = await second.poll()
    assert.deepEqual([report.run, ...countsOf(report), report.isComplete], [1, 9, 0, 0, 0, true])
    assert.equal(await second.value("select count(*)::int from things where id like 'other %'"), 9)
  })

  it('counts what the database refused of a page, wherever it is in it', async t => {
    const stopping = new AbortController()
    const api = await openApi(t, (request, response, number) => {
      if (pageIn(request.url) < 2) numbered(request, response, number)
    })
    const world = await openWorld(t, paged(api.url))
    await world.rows("alter table things add check (id <> 't0')")
    const stopped = assert.rejects(world.poll(stopping.signal))
    await until('a page is applied', async () => (await world.value('select count(*)::int from things')) === 2)
    stopping.abort(new Error('stop'))
    await stopped
    api.answer(numbered)
    const report = await world.poll()
    assert.deepEqual([report.run, ...countsOf(report), report.isComplete], [1, 8, 0, 0, 1, false])
  })

  it('by kill -9 as well', async t => {
    const url = await freshDatabase(t)
    const api = await openApi(t, (request, response, number) => {
      if (pageIn(request.url) < 3) numbered(request, response, number)
    })
    const declared = POLLED_FEED.replace(
      "path: '/things', every: env('THINGS_EVERY', '1h')",
      "every: '1h', items: 'docs', pages: { page: 'page', more: 'more' }",
    )
    const cwd = await folderWith(t, { 'a.ts': declared })
    const env = { DATABASE_URL: url, THINGS_URL: api.url }
    const child = spawnProgram(['poll', 'a.ts', '--once'], { cwd, env })
    t.after(() => void child.kill('SIGKILL'))
    const exit = once(child, 'exit')
    const world = await openWorld(t, paged(api.url), { url })
    await until('two pages are applied', async () => (await world.value('select count(*)::int from things')) === 6)
    await until('the third is asked for', async () => api.asked.length === 3)
    child.kill('SIGKILL')
    await exit
    await assert.rejects(world.poll(), { code: 'BUSY' })
    // As if the lease had run out.
    await world.rows("update groundstation.poll set leased_until = '-infinity'")
    api.answer(numbered)
    const report = await world.poll()
    assert.deepEqual(api.asked.slice(3), ['GET /?page=3'])
    assert.deepEqual([report.run, ...countsOf(report)], [1, 9, 0, 0, 0])
  })
})

describe('a poll that fails', () => {
  it('leaves what is stored, keeps the beginning of the answer, and begins anew', async t => {
    const api = await openApi(t, numbered)
    const world = await openWorld(t, things({ ...source(api.url), url: api.url, path: '/v1/things?key=hunter2' }))
    assert.deepEqual(countsOf(await world.poll()), [9, 0, 0, 0])
    api.answer((request, response, number) => {
      if (pageIn(request.url) === 1) return json({ docs: [{ id: 't0', n: 1 }], more: true })(request, response, number)
      response.end('{"docs":[{"id":"t3"},{"id"')
    })
    const failed = await world.poll()
    assert.equal(failed.failure?.code, 'SOURCE_ANSWER')
    assert.equal(failed.failure.message, `${api.url}/v1/things ends in the middle of its JSON`)
    assert.deepEqual([...countsOf(failed), failed.isComplete], [0, 1, 0, 0, false])
    assert.equal(await world.value('select count(*)::int from things'), 9)
    assert.deepEqual(
      await world.rows(
        "select reason, message, source, convert_from(raw, 'UTF8') as raw from groundstation.dead_letters",
      ),
      [
        {
          reason: 'answer',
          message: 'ends in the middle of its JSON',
          source: { poll: `${api.url}/v1/things` },
          raw: '{"docs":[{"id":"t3"},{"id"',
        },
      ],
    )
    const stored = JSON.stringify(await world.rows('select * from groundstation.poll_run'))
    assert.match(stored, /ends in the middle/)
    assert.doesNotMatch(stored + failed.failure.message, /hunter2/)
    api.answer(numbered)
    const third = await world.poll()
    assert.deepEqual([third.run, ...countsOf(third)], [3, 0, 1, 8, 0])
  })

  it('that is told of an answer twice keeps one dead letter', async t => {
    const api = await openApi(t, (_request, response) => void response.writeHead(401).end('who are you?'))
    const world = await openWorld(t, things({ url: api.url, every: '1h' }))
    await world.poll()
    await world.poll()
    assert.deepEqual(await world.rows('select message, count from groundstation.dead_letters'), [
      { message: 'answered 401', count: 2 },
    ])
  })
})

describe('an API that says that nothing has changed', () => {
  it('is not read again: each item is unchanged', async t => {
    const api = await openApi(t, (request, response, number) => {
      if (request.headers['if-none-match'] === '"v1"') return void response.writeHead(304).end()
      json([{ id: 'a' }, { id: 'b' }], { etag: '"v1"' })(request, response, number)
    })
    const world = await openWorld(t, things({ url: api.url, every: '1h' }))
    assert.deepEqual(countsOf(await world.poll()), [2, 0, 0, 0])
    const second = await world.poll()
    assert.deepEqual([...countsOf(second), second.isComplete], [0, 0, 2, 0, true])
    // Another question is asked without the version of this one's answer.
    const other = await openWorld(t, things({ url: api.url, every: '1h', query: { all: true } }), { url: world.url })
    assert.deepEqual(countsOf(await other.poll()), [0, 0, 2, 0])
    api.answer((request, response, number) => {
      assert.equal(request.headers['if-none-match'], '"v1"')
      json([{ id: 'a' }, { id: 7 }], { etag: '"v2"' })(request, response, number)
    })
    assert.deepEqual(countsOf(await other.poll()), [0, 0, 1, 1])
    // What was refused is asked for again, in full.
    api.answer((request, response, number) => {
      assert.equal(request.headers['if-none-match'], undefined)
      json([{ id: 'a' }, { id: 'c' }])(request, response, number)
    })
    assert.deepEqual(countsOf(await other.poll()), [1, 0, 1, 0])
  })
})

describe('workers', () => {
  it('of which several poll by the schedule are one', async t => {
    const api = await openApi(t, json([{ id: 'a' }]))
    const first = await openWorld(t, things({ url: api.url, every: '400ms' }))
    const others = [await openWorld(t, things({ url: api.url, every: '400ms' }), { url: first.url })]
    const startedMs = performance.now()
    const pollers = [first, ...others].map(({ run }) => new Poller({ ...run, log: () => undefined }))
    for (const poller of pollers) poller.start()
    await until('five polls', async () => api.asked.length >= 5)
    await Promise.all(pollers.map(poller => poller.stop()))
    const runs = await first.rows('select run, requests from groundstation.poll_run where ms is not null order by run')
    assert.ok(performance.now() - startedMs >= 1600, 'five polls are four waits')
    assert.ok(runs.every(({ requests }) => requests === 1))
  })
})

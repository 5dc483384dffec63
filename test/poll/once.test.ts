import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { runPoll } from '../../src/sources/poll/run.ts'
import { captured } from '../captures.ts'
import { json, openApi } from './api.ts'
import { countsOf, openWorld, things } from './world.ts'

describe('one poll', () => {
  it('makes what is new an event, what changed its next version, and what did not nothing', async t => {
    const api = await openApi(t, json([{ id: 'a' }, { id: 'b', n: 1 }]))
    const world = await openWorld(t, things({ url: api.url, path: '/v1/things', every: '1h' }))
    assert.deepEqual(countsOf(await world.poll()), [2, 0, 0, 0])
    assert.deepEqual(countsOf(await world.poll()), [0, 0, 2, 0])
    api.answer(json([{ n: 2, id: 'b' }, { id: 'c' }, { id: 'a' }]))
    const third = await world.poll()
    assert.deepEqual(countsOf(third), [1, 1, 1, 0])
    assert.deepEqual([third.run, third.requests, third.isComplete], [3, 1, true])
    assert.deepEqual(
      api.asked,
      Array.from({ length: 3 }, () => 'GET /v1/things'),
    )
    assert.deepEqual(await world.rows('select id, raw from things order by id'), [
      { id: 'a', raw: { id: 'a' } },
      { id: 'b', raw: { id: 'b', n: 2 } },
      { id: 'c', raw: { id: 'c' } },
    ])
    assert.deepEqual(
      await world.rows(
        `select feed, run, requests, new, changed, unchanged, rejected, is_complete, error, ms >= 0 as timed
         from groundstation.poll_run where run > 1 order by run`,
      ),
      [
        [2, 0, 0, 2],
        [3, 1, 1, 1],
      ].map(([run, fresh, changed, unchanged]) => ({
        feed: 'things',
        run,
        requests: 1,
        new: fresh,
        changed,
        unchanged,
        rejected: 0,
        is_complete: true,
        error: null,
        timed: true,
      })),
    )
  })

  it('keeps the bytes of each item as they came', async t => {
    const items = [
      '{"id":"a",  "n": 12345678901234567890.10}',
      '{ "id" : "b\\u0041", "list": ["]", "}", "\\"", [ ] ] }',
    ]
    const api = await openApi(t, (_request, response) => void response.end(`{"data":{"docs":[${items.join(' ,\n')}]}}`))
    const world = await openWorld(t, things({ url: api.url, every: '1h', items: 'data.docs' }))
    assert.deepEqual(countsOf(await world.poll()), [2, 0, 0, 0])
    const kept = await world.rows('select raw from groundstation.record order by key')
    assert.deepEqual(
      kept.map(({ raw }) => raw),
      items,
    )
  })

  it('refuses an item by itself, with its place, and takes the others', async t => {
    const api = await openApi(t, json([{ id: 'a' }, { id: 7 }, { id: 'c' }]))
    const world = await openWorld(t, things({ url: api.url, path: '/things', every: '1h' }))
    const report = await world.poll()
    assert.deepEqual(countsOf(report), [2, 0, 0, 1])
    assert.equal(report.isComplete, false)
    assert.deepEqual(await world.value('select source from groundstation.dead_letters'), {
      poll: `${api.url}/things`,
      item: 2,
    })
  })

  it('takes a page of very many items in several transactions, and counts them through', async t => {
    const items = Array.from({ length: 10_050 }, (_, index) => (index === 10_030 ? {} : { id: `t${index}` }))
    const api = await openApi(t, json(items))
    const world = await openWorld(t, things({ url: api.url, every: '1h' }))
    assert.deepEqual(countsOf(await world.poll()), [10_049, 0, 0, 1])
    assert.equal(await world.value('select count(*)::int from things'), 10_049)
    assert.deepEqual(await world.value('select source from groundstation.dead_letters'), {
      poll: api.url,
      item: 10_031,
    })
  })

  it('of real launches, twice: nothing changes; then one did', async t => {
    const file = captured(t, 'spacex-rest/launches_2022-09.json')
    if (file === undefined) return
    const launches = JSON.parse(await readFile(file, 'utf8')) as { id: string; success: boolean | null }[]
    const api = await openApi(t, json(launches))
    const world = await openWorld(t, things({ url: api.url, every: '1h' }))
    assert.deepEqual(countsOf(await world.poll()), [193, 0, 0, 0])
    assert.deepEqual(countsOf(await world.poll()), [0, 0, 193, 0])
    api.answer(json(launches.map((launch, index) => (index === 100 ? { ...launch, success: null } : launch)).reverse()))
    assert.deepEqual(countsOf(await world.poll()), [0, 1, 192, 0])
    assert.equal(await world.value('select count(*)::int from groundstation.record'), 194)
    assert.equal(await world.value('select count(*)::int from things'), 193)
  })
})

describe('two processes', () => {
  it('poll once', async t => {
    const api = await openApi(t)
    const first = await openWorld(t, things({ url: api.url, every: '1h' }))
    const second = await openWorld(t, things({ url: api.url, every: '1h' }), { url: first.url })
    let release = () => {}
    const asked = new Promise<void>(resolve => {
      api.answer((_request, response) => {
        resolve()
        release = () => void response.end('[{"id":"a"}]')
      })
    })
    const polling = first.poll()
    await asked
    await assert.rejects(second.poll(), { code: 'BUSY' })
    release()
    assert.deepEqual(countsOf(await polling), [1, 0, 0, 0])
    api.answer(json([{ id: 'a' }]))
    const polls = first.engine.polls('things')
    const standing = await polls.standing()
    assert.deepEqual(countsOf(await second.poll()), [0, 0, 1, 0])
    assert.equal(api.asked.length, 2)
    // Who saw that it was due before the other had polled doesn't poll as well.
    const late = await polls.take({ standing, leaseMs: 1000, resumes: false, scheduledForMs: undefined })
    assert.equal(late, undefined)
  })

  it('that both think that they poll: whoever lost the lease writes nothing', async t => {
    const api = await openApi(t)
    const frozen = await openWorld(t, things({ url: api.url, every: '1h' }))
    const other = await openWorld(t, things({ url: api.url, every: '1h' }), { url: frozen.url })
    let release = () => {}
    const asked = new Promise<void>(resolve => {
      api.answer((_request, response, number) => {
        if (number > 1) return void response.end('[{"id":"new"}]')
        resolve()
        release = () => void response.end('[{"id":"old"}]')
      })
    })
    const polling = frozen.poll()
    await asked
    // As if the lease had run out while the process stood still.
    await frozen.rows("update groundstation.poll set leased_until = '-infinity'")
    const polls = other.engine.polls('things')
    const standing = await polls.standing()
    const turn = await polls.take({ standing, leaseMs: 60_000, resumes: true, scheduledForMs: undefined })
    assert.ok(turn)
    release()
    await assert.rejects(polling, { code: 'SOURCE_FENCED' })
    assert.deepEqual(await frozen.rows('select id from things'), [])
    const report = await runPoll(other.run, turn, new AbortController().signal)
    assert.deepEqual([report.run, ...countsOf(report)], [1, 1, 0, 0, 0])
    assert.deepEqual(await frozen.rows('select id from things'), [{ id: 'new' }])
    assert.deepEqual(await frozen.rows('select run, new, error from groundstation.poll_run'), [
      { run: 1, new: 1, error: null },
    ])
  })

  it('a renewal that was under way when the lease was given back holds nothing', async t => {
    const api = await openApi(t)
    const world = await openWorld(t, things({ url: api.url, every: '1h' }))
    const polls = world.engine.polls('things')
    const leaseMs = 60_000
    const taking = { standing: await polls.standing(), leaseMs, resumes: false, scheduledForMs: undefined }
    const turn = await polls.take(taking)
    assert.ok(turn)
    assert.equal(await polls.renew(turn.epoch, leaseMs), true)
    await polls.leave(turn.epoch)
    assert.equal(await polls.renew(turn.epoch, leaseMs), false)
    assert.equal((await polls.standing()).leaseMs, 0)
  })
})

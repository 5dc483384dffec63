import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Poller } from '../../src/sources/poll/poller.ts'
import { REST_MS_MAX } from '../../src/sources/poll/run.ts'
import { folderWith, groundstation, POLLED_FEED } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'
import { until } from '../until.ts'
import { type Answering, json, openApi } from './api.ts'
import { countsOf, openWorld, things } from './world.ts'

const busy =
  (retryAfter: string): Answering =>
  (_request, response) =>
    void response.writeHead(429, { 'retry-after': retryAfter }).end('later')
const UNTIL = String.raw`until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`

describe('an API that asks to be left alone for long', () => {
  it('is, by every process, until somebody asks all the same', async t => {
    const api = await openApi(t, busy('3600'))
    const first = await openWorld(t, things({ url: api.url, every: '1h' }))
    const report = await first.poll()
    assert.deepEqual([report.restMs, report.failure?.code, report.requests], [3_600_000, 'SOURCE_UNREACHABLE', 1])
    const second = await openWorld(t, things({ url: api.url, every: '1h' }), { url: first.url })
    const restMs = async () => (await second.engine.polls('things').standing()).restMs
    assert.ok((await restMs()) > 3_500_000)
    const refused = new RegExp(`^${api.url} has asked to be left alone ${UNTIL}: it wasn't asked\\. --now`)
    await assert.rejects(second.poll(), { code: 'SOURCE_UNREACHABLE', message: refused })
    const told: string[] = []
    const poller = new Poller({ ...second.run, log: (_level, message) => told.push(message) })
    poller.start()
    await until('it is told by who comes to it later', async () => told.length > 0)
    await poller.stop()
    assert.match(told.join(), new RegExp(`^things: its API has asked to be left alone ${UNTIL}$`))
    assert.equal(api.asked.length, 1)
    api.answer(json([{ id: 'a' }]))
    assert.deepEqual(countsOf(await second.poll(undefined, true)), [1, 0, 0, 0])
    assert.equal(await restMs(), 0)
    assert.deepEqual(countsOf(await first.poll()), [0, 0, 1, 0])
    assert.deepEqual(
      await first.rows('select not_before is not null as rested from groundstation.poll_run order by run'),
      [{ rested: true }, { rested: false }, { rested: false }],
    )
  })

  it('is for a day at most, and never longer than it asked for where the database’s clock is set back', async t => {
    const api = await openApi(t, busy('999999999'))
    const world = await openWorld(t, things({ url: api.url, every: '1h' }))
    assert.equal((await world.poll()).restMs, REST_MS_MAX)
    await world.rows("update groundstation.poll set not_before = not_before + interval '3 days'")
    const polls = world.engine.polls('things')
    const standing = await polls.standing()
    assert.equal(standing.restMs, REST_MS_MAX)
    // Whoever asks all the same may die at it: what goes on then has been asked for nothing.
    await polls.take({ standing, leaseMs: 1, resumes: false, scheduledForMs: undefined })
    assert.equal((await polls.standing()).restMs, 0)
  })

  it('is by the schedule, which says so', async t => {
    let answeredMs = 0
    let askedMs = 0
    const api = await openApi(t, (...asked) => {
      answeredMs = performance.now()
      busy('1')(...asked)
    })
    const world = await openWorld(t, things({ url: api.url, every: '200ms' }))
    const told: string[] = []
    const log = (_level: string, message: string) => {
      if (told.length === 0)
        api.answer((...asked) => {
          askedMs = performance.now()
          json([{ id: 'a' }])(...asked)
        })
      told.push(message)
    }
    const poller = new Poller({ ...world.run, log })
    poller.start()
    t.after(() => poller.stop())
    await until('it has polled again', async () => told.length > 1)
    assert.match(told[0] ?? '', new RegExp(`answered 429; it asks to be left alone ${UNTIL}; what is stored stays$`))
    assert.ok(askedMs - answeredMs >= 1_000, `${askedMs - answeredMs} ms`)
    assert.match(told[1] ?? '', /^things: 1 new/)
  })
})

it('groundstation poll --once says until when, and ends with 3; --now asks all the same', async t => {
  const api = await openApi(t, busy('3600'))
  const cwd = await folderWith(t, { 'a.ts': POLLED_FEED })
  const env = { DATABASE_URL: await freshDatabase(t), THINGS_URL: api.url }
  const run = (...more: string[]) => groundstation(['poll', 'a.ts', '--once', ...more], { cwd, env })
  const first = await run()
  assert.equal(first.code, 3)
  assert.match(
    first.stdout,
    new RegExp(`answered 429. What was stored stays.\nit asks to be left alone ${UNTIL}; 0 new.*\nWait, `),
  )
  const second = await run()
  assert.deepEqual([second.code, api.asked.length], [3, 1])
  assert.match(second.stderr, new RegExp(`^${api.url}/things has asked to be left alone ${UNTIL}: `))
  api.answer(json([{ id: 'a' }]))
  const third = await run('--now')
  assert.deepEqual([third.code, third.stdout.slice(0, 5)], [0, '1 new'])
})

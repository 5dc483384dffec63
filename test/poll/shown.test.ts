import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createServer } from '../../src/api/server.ts'
import { openStore } from '../../src/store/store.ts'
import { json, openApi } from './api.ts'
import { openWorld, things } from './world.ts'

it('the last poll is on /feeds, and its figures in /metrics', async t => {
  const api = await openApi(t, json([{ id: 'a' }, { id: 'b' }]))
  const world = await openWorld(t, things({ url: api.url, every: '1h' }))
  const store = await openStore(world.url)
  const { engine } = world
  const log = { error: () => undefined, warn: () => undefined, info: () => undefined }
  const server = await createServer({ engine, query: store.query, feeds: engine.feeds, log, version: 'test' })
  t.after(async () => {
    await server.close()
    await store.close()
  })
  const { address } = await server.listen({ host: '127.0.0.1', port: 0 })
  const shown = async () =>
    ((await (await fetch(`${address}/feeds`)).json()) as { data: { poll: object }[] }).data[0]?.poll
  assert.equal(await shown(), null)
  await world.poll()
  api.answer((_request, response) => void response.writeHead(404).end())
  await world.poll()
  const { startedAt, ms, completeAgoMs, ...poll } = (await shown()) as Record<string, unknown>
  const rest = { notBefore: null, restMs: 0 }
  const none = { new: 0, changed: 0, unchanged: 0, rejected: 0, gone: 0, shared: 0 }
  assert.deepEqual(poll, { run: 2, requests: 1, ...none, isComplete: false, error: `${api.url} answered 404`, ...rest })
  assert.match(String(startedAt), /^\d{4}-\d\d-\d\dT.*Z$/)
  assert.ok(typeof ms === 'number' && typeof completeAgoMs === 'number' && completeAgoMs > 0)
  const metrics = await (await fetch(`${address}/metrics`)).text()
  for (const line of [
    'polls{feed="things"} 2',
    'poll_failed{feed="things"} 1',
    'poll_items{feed="things",outcome="new"} 0',
    'poll_shared_ids{feed="things"} 0',
  ])
    assert.ok(metrics.includes(`groundstation_${line}\n`), line)
  assert.match(metrics, /groundstation_poll_complete_age_seconds\{feed="things"\} \d+\.\d+/)
  api.answer(
    json([
      { id: 'a', n: 1 },
      { id: 'a', n: 2 },
    ]),
  )
  await world.poll()
  assert.equal(((await shown()) as { shared: number }).shared, 1)
  assert.ok((await (await fetch(`${address}/metrics`)).text()).includes('poll_shared_ids{feed="things"} 1\n'))
  api.answer((_request, response) => void response.writeHead(503, { 'retry-after': '600' }).end())
  await world.poll()
  const { notBefore, restMs } = (await shown()) as { notBefore: string; restMs: number }
  assert.match(notBefore, /^\d{4}-\d\d-\d\dT.*Z$/)
  assert.ok(restMs > 500_000 && restMs <= 600_000, String(restMs))
  assert.match(await (await fetch(`${address}/metrics`)).text(), /poll_rest_seconds\{feed="things"\} 5\d\d\./)
})

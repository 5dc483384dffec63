import assert from 'node:assert/strict'
import { it } from 'node:test'
import { seedOf } from '../seed.ts'
import { type Answering, json, openApi } from './api.ts'
import { openWorld, things } from './world.ts'

const POLLS = 8
const ITEMS = 30
const PAGE = 7

/** A number from 0 up to one below, from a seed. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed | 1
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

it('an API that shuffles, breaks and forgets ends as one that does not', async t => {
  const below = chanceOf(seedOf(t, import.meta.filename))
  const items = Array.from({ length: ITEMS }, (_, index) => ({ id: `t${index}`, version: 0 }))
  let isSound = false
  let order = items.slice()
  const paged: Answering = (request, response, number) => {
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'))
    if (page === 1) order = order.sort(() => below(3) - 1)
    if (!isSound && below(6) === 0) return void response.writeHead([500, 429, 404][below(3)] ?? 500).end()
    const docs: unknown[] = order.slice(page * PAGE - PAGE, page * PAGE)
    if (!isSound && below(4) === 0) docs.splice(below(docs.length + 1), below(2), [{ id: 5 }, null, 'x'][below(3)])
    const whole = JSON.stringify({ docs, more: page * PAGE < ITEMS })
    if (!isSound && below(8) === 0) return void response.end(whole.slice(0, below(whole.length)))
    json(JSON.parse(whole))(request, response, number)
  }
  const api = await openApi(t, paged)
  const source = { url: api.url, every: '1h', items: 'docs', pages: { page: 'page', more: 'more' } }
  const world = await openWorld(t, things(source))
  for (let poll = 0; poll < POLLS; poll++) {
    for (const item of items) if (below(5) === 0) item.version++
    await world.poll()
  }
  isSound = true
  const report = await world.poll()
  assert.ok(report.isComplete, report.failure?.message)
  const rows = await world.rows('select raw from things order by (substr(id, 2))::int')
  assert.deepEqual(
    rows.map(({ raw }) => raw),
    items,
  )
  // Each version once: none came twice in a row.
  const again = await world.rows(
    `select 1 from (select event = lag(event) over (partition by key order by sequence) as same from groundstation.record) r where same`,
  )
  assert.deepEqual(again, [])
})

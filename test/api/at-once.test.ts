import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineFeed, http, Type, text } from '../../src/index.ts'
import { type Answer, get, send, serve } from './serve.ts'

/** Events without an identity of their own. */
const notes = defineFeed({
  name: 'notes',
  source: http({ path: '/notes' }),
  event: Type.Object({ text: Type.String() }),
  identity: { position: true },
  tables: { notes: { columns: { text: text('text') } } },
})
const served = await serve({}, [notes])
const { url } = served

const note = (value: unknown) => JSON.stringify({ text: value })
const lines = (name: string, count: number) => Array.from({ length: count }, (_, line) => note(`${name} ${line}`))
const stored = async (name: string) =>
  (await served.rows('select text from notes where text like $1 order by text', `${name}%`)).map(row => row.text)

function post(key: string, events: readonly string[], type = 'application/x-ndjson'): Promise<Answer> {
  return send(`${url}/notes`, events.join('\n'), { 'content-type': type, 'idempotency-key': key })
}

test('different bodies with one idempotency key at once: one is stored, the others are 409', async () => {
  for (let round = 0; round < 10; round++) {
    const bodies = [1, 2, 1, 3].map((count, which) => lines(`r${round} b${which}`, count))
    const answers = await Promise.all(bodies.map(body => post(`differ ${round}`, body)))
    const told = answers.map(({ status, body }) => [status, body.accepted ?? null])
    const winner = told.findIndex(([status]) => status === 200)
    assert.deepEqual(
      told,
      bodies.map((body, which) => (which === winner ? [200, body.length] : [409, null])),
    )
    assert.deepEqual(await stored(`r${round} `), (bodies[winner] ?? []).map(one => JSON.parse(one).text).sort())
    // Whoever was first is told so when it asks again.
    assert.equal((await post(`differ ${round}`, bodies[winner] ?? [])).body.duplicate, bodies[winner]?.length)
  }
})

test('one body with one idempotency key at once is stored once, and nobody is refused', async () => {
  const body = [...lines('same', 5_000), note(1), ...lines('same again', 10)]
  const answers = await Promise.all(Array.from({ length: 4 }, () => post('same', body)))
  for (const { status, body: totals, text: told } of answers) {
    assert.equal(status, 200, told)
    assert.deepEqual([Number(totals.accepted) + Number(totals.duplicate), totals.rejected], [5_010, 1])
  }
  assert.equal((await stored('same')).length, 5_010)
  assert.equal(
    answers.reduce((sum, { body: totals }) => sum + Number(totals.accepted), 0),
    5_010,
  )
})

test('many who replay a letter at once replay it once', async () => {
  const refused = await send(`${url}/notes`, note(7))
  const letter = `${url}/feeds/notes/dead-letters/${refused.body.deadLetter}`
  const answers = await Promise.all(Array.from({ length: 8 }, () => send(`${letter}/replay`, note('seven'))))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409, 409, 409, 409])
  assert.deepEqual(await stored('seven'), ['seven'])
  assert.equal((await get(letter)).body.status, 'replayed')
  assert.deepEqual(served.faults, [])
})

test('many who dismiss a letter at once dismiss it once', async () => {
  const refused = await send(`${url}/notes`, note(8))
  const letter = `${url}/feeds/notes/dead-letters/${refused.body.deadLetter}`
  const answers = await Promise.all(Array.from({ length: 8 }, () => send(letter, undefined, {}, 'DELETE')))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 409, 409, 409, 409, 409, 409, 409])
})

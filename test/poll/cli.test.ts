import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openStore } from '../../src/store/store.ts'
import { folderWith, groundstation, outputOf, POLLED_FEED, spawnProgram } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'
import { until } from '../until.ts'
import { json, openApi } from './api.ts'

async function placeOf(t: TestContext) {
  const cwd = await folderWith(t, { 'a.ts': POLLED_FEED })
  const api = await openApi(t, json([{ id: 'a' }, { id: 'b' }]))
  return { cwd, api, env: { DATABASE_URL: await freshDatabase(t), THINGS_URL: api.url } }
}

describe('groundstation poll --once', () => {
  it('says what came of it and ends: 0, 1 where items were refused, 3 where the API fails', async t => {
    const { cwd, api, env } = await placeOf(t)
    const run = (...more: string[]) => groundstation(['poll', 'a.ts', '--once', ...more], { cwd, env })
    const first = await run('--json')
    assert.equal(first.code, 0, first.stderr)
    const { ms, ...told } = JSON.parse(first.stdout)
    const counts = { requests: 1, new: 2, changed: 0, unchanged: 0, rejected: 0, gone: 0 }
    assert.deepEqual(told, { feed: 'things', run: 1, ...counts, isComplete: true, note: null, error: null })
    assert.equal(typeof ms, 'number')
    api.answer(json([{ id: 'a', more: 1 }, { id: 7 }]))
    const second = await run()
    assert.equal(second.code, 1)
    assert.match(second.stdout, /^0 new, 1 changed, 0 unchanged, 1 rejected; 1 request in \d/)
    api.answer((_request, response) => void response.writeHead(404).end('no such thing'))
    const third = await run('--json')
    assert.equal(third.code, 3)
    assert.deepEqual(JSON.parse(third.stdout).error, {
      code: 'SOURCE_ANSWER',
      message: `${api.url}/things answered 404`,
    })
  })
})

describe('groundstation poll --once of a file with several feeds', () => {
  it('polls each, whatever becomes of the others', async t => {
    const { cwd, api, env } = await placeOf(t)
    const feed = (name: string) =>
      `export const ${name} = ${POLLED_FEED.split('export default ')[1]?.replace("'things'", `'${name}'`).replace('things:', `${name}:`)}`
    const [imports] = POLLED_FEED.split('export default ')
    await writeFile(join(cwd, 'b.ts'), `${imports}${feed('first')}${feed('second')}export default [first, second]`)
    const items = json([{ id: 'a' }])
    api.answer((request, response) =>
      api.asked.length === 1 ? void response.writeHead(404).end() : items(request, response, 0),
    )
    const { code, stdout } = await groundstation(['poll', 'b.ts', '--once', '--json'], { cwd, env })
    assert.equal(code, 3)
    const [first, second] = JSON.parse(stdout)
    assert.deepEqual([first.feed, first.new, first.error.code], ['first', 0, 'SOURCE_ANSWER'])
    assert.deepEqual([second.feed, second.new, second.error], ['second', 1, null])
    const shown = await groundstation(['poll', 'b.ts', '--once'], { cwd, env })
    assert.match(shown.stdout, /^first: 1 new.*\nsecond: 0 new/)
  })
})

describe('start', () => {
  it('polls by the schedule, and leaves no run open when it is stopped', async t => {
    const { cwd, api, env } = await placeOf(t)
    const child = spawnProgram(['start', 'a.ts', '--port', '0'], { cwd, env: { ...env, THINGS_EVERY: '200ms' } })
    t.after(() => void child.kill('SIGKILL'))
    const exit = once(child, 'exit')
    const told = await outputOf(child, / {2}psql {2}.*\n/)
    assert.match(told, new RegExp(`^ {4}polls ${api.url}/things$`, 'm'))
    assert.doesNotMatch(told, /is off/)
    await until('it has polled three times', async () => api.asked.length >= 3)
    child.kill('SIGTERM')
    assert.deepEqual(await exit, [0, null])
    const store = await openStore(env.DATABASE_URL)
    t.after(() => store.close())
    const { rows } = await store.query('select id from things order by id')
    assert.deepEqual(rows, [{ id: 'a' }, { id: 'b' }])
  })
})

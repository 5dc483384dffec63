import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
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

describe('groundstation poll', () => {
  it('without --once says what polls by the schedule, and what polls once', async t => {
    const { cwd, api, env } = await placeOf(t)
    const { code, stderr } = await groundstation(['poll', 'a.ts'], { cwd, env })
    assert.equal(code, 2)
    assert.match(stderr, /start polls.*: groundstation start a\.ts\n.*: groundstation poll a\.ts --once\n$/)
    assert.equal(api.asked.length, 0)
  })
})

describe('groundstation poll --once', () => {
  it('says what came of it and ends: 0, 1 where items were refused, 3 where the API fails', async t => {
    const { cwd, api, env } = await placeOf(t)
    const run = (...more: string[]) => groundstation(['poll', 'a.ts', '--once', ...more], { cwd, env })
    const first = await run('--json')
    assert.equal(first.code, 0, first.stderr)
    const { ms, ...told } = JSON.parse(first.stdout)
    const counts = { requests: 1, new: 2, changed: 0, unchanged: 0, rejected: 0, gone: 0, shared: 0 }
    assert.deepEqual(told, {
      feed: 'things',
      run: 1,
      ...counts,
      isComplete: true,
      note: null,
      hint: null,
      restMs: null,
      error: null,
    })
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
      remedy: "Correct THINGS_URL, or the feed's path.",
    })
  })

  it('says that a poll failed, what is kept of it, and what to do', async t => {
    const { cwd, api, env } = await placeOf(t)
    const pages = POLLED_FEED.replace("path: '/things',", "path: '/things', pages: { link: true },")
    await writeFile(join(cwd, 'a.ts'), pages)
    const first = json([{ id: 'a' }], { link: '</things?page=2>; rel="next"' })
    api.answer((request, response, number) =>
      request.url === '/things' ? first(request, response, number) : void response.writeHead(404).end(),
    )
    const run = () => groundstation(['poll', 'a.ts', '--once'], { cwd, env })
    const lines = async () => (await run()).stdout.split('\n').map(line => line.replace(/;.*/, ''))
    const failed = `The poll failed: ${api.url}/things answered 404. What was stored stays`
    const remedy = "Correct THINGS_URL, or the feed's path."
    const kept = `${failed}, and what came before it failed.`
    assert.deepEqual(await lines(), [kept, '1 new, 0 changed, 0 unchanged, 0 rejected', remedy, ''])
    assert.deepEqual(await lines(), [`${failed}.`, '0 new, 0 changed, 1 unchanged, 0 rejected', remedy, ''])
  })
})

/** Two feeds of one file; the second has a view over the first's table, and the first what is given besides. */
function twoFeeds(first = ''): string {
  const [imports, declared = ''] = POLLED_FEED.split('export default ')
  const feed = (name: string) => declared.replace("'things'", `'${name}'`).replace('{ things:', `{ ${name}:`)
  const view = "  views: { both: { sql: 'select count(*) from first', path: '/both' } },\n  tables:"
  return `${imports}const first = ${feed('first').replace('  tables:', `${first}  tables:`)}
    const second = ${feed('second').replace('  tables:', view)}
    export default [first, second]`
}

describe('groundstation poll --once of a file with several feeds', () => {
  it('polls each, whatever becomes of the others', async t => {
    const { cwd, api, env } = await placeOf(t)
    await writeFile(join(cwd, 'b.ts'), twoFeeds())
    const items = json([{ id: 'a' }])
    api.answer((request, response) =>
      api.asked.length === 1 ? void response.writeHead(404).end() : items(request, response, 0),
    )
    const { code, stdout } = await groundstation(['poll', 'b.ts', '--once', '--json'], { cwd, env })
    assert.equal(code, 3)
    const [first, second] = JSON.parse(stdout)
    assert.deepEqual([first.feed, first.new, first.error.code], ['first', 0, 'SOURCE_ANSWER'])
    assert.deepEqual([second.feed, second.new, second.error], ['second', 1, null])
    const shown = await groundstation(['poll', 'b.ts', 'a.ts', '--once'], { cwd, env })
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(shown.stdout, /^first: 1 new.*\nsecond: 0 new.*\nthings: 1 new.*\n$/)
  })

  it('one that is off or polled elsewhere is told, and keeps nobody from being polled', async t => {
    const { cwd, api, env } = await placeOf(t)
    const off = "source: poll({ url: env('OTHER_URL'), every: '1h' }),\n"
    await writeFile(join(cwd, 'b.ts'), twoFeeds(off).replace(/source: poll\(\{ url: env\('THINGS.*\n/, ''))
    const run = () => groundstation(['poll', 'b.ts', '--once', '--json'], { cwd, env })
    const codes = ({ stdout }: { stdout: string }) =>
      (JSON.parse(stdout) as { error: { code: string } | null }[]).map(({ error }) => error?.code ?? null)
    const first = await run()
    assert.deepEqual([first.code, codes(first)], [2, ['SETTING_INVALID', null]], first.stderr)
    const store = await openStore(env.DATABASE_URL)
    t.after(() => store.close())
    await store.query("update groundstation.poll set leased_until = clock_timestamp() + interval '1 minute'")
    const second = await run()
    assert.deepEqual([second.code, codes(second)], [3, ['SETTING_INVALID', 'BUSY']], second.stderr)
    assert.equal(api.asked.length, 1)
  })

  it('of one of them makes what its views read of the others, and says how these are polled', async t => {
    const { cwd, api, env } = await placeOf(t)
    await mkdir(join(cwd, 'feeds'))
    await writeFile(join(cwd, 'feeds', 'b.ts'), twoFeeds())
    const { code, stdout, stderr } = await groundstation(['poll', 'second', '--once'], { cwd, env })
    assert.deepEqual([code, stderr, api.asked.length], [0, '', 1])
    assert.match(stdout, /^2 new.*\nNot polled: first; groundstation poll feeds\/b\.ts --once polls them too\.\n$/)
    const store = await openStore(env.DATABASE_URL)
    t.after(() => store.close())
    assert.deepEqual((await store.query('select * from "both"')).rows, [{ count: 0 }])
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

  it('of one feed of a file on an empty database serves its views over the others', async t => {
    const { cwd, env } = await placeOf(t)
    await mkdir(join(cwd, 'feeds'))
    await writeFile(join(cwd, 'feeds', 'b.ts'), twoFeeds())
    const child = spawnProgram(['start', 'second', '--port', '0'], { cwd, env: { ...env, THINGS_URL: '' } })
    t.after(() => void child.kill('SIGKILL'))
    const told = await outputOf(child, / {2}psql {2}.*\n/)
    const [, address] = /ready on (http\S+)/.exec(told) ?? []
    assert.deepEqual(await (await fetch(`${address}/both`)).json(), { size: 1, data: [{ count: 0 }] })
    const feeds = (await (await fetch(`${address}/feeds`)).json()) as { data: { name: string }[] }
    assert.deepEqual(
      feeds.data.map(({ name }) => name),
      ['second'],
    )
  })
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { freshDatabase } from '../database.ts'
import { folderWith, groundstation, outputOf, POSITION_FEED, SEQUENCED_FEED, spawnProgram } from './program.ts'

const withView = (feed: string, sql: string) =>
  feed.replace('  tables:', `  views: { both: { path: '/both', sql: '${sql}' } },\n  tables:`)
const OF_BOTH = 'select (select count(*) from readings) as readings, (select count(*) from steps) as steps'

test('a view that PostgreSQL refuses stops a start, and check --stored tells it before', async t => {
  const broken = withView(POSITION_FEED, 'select volume from readings')
  const run = { cwd: await folderWith(t, { 'a.ts': broken }), env: { DATABASE_URL: await freshDatabase(t), PORT: '0' } }
  const told = /The view both of the feed readings can't be made, in line 1 of its SQL: column "volume" does not exist/
  assert.equal((await groundstation(['check', 'a.ts'], run)).code, 0)
  const checked = await groundstation(['check', 'a.ts', '--stored'], run)
  assert.deepEqual([checked.code, told.test(checked.stdout)], [1, true], checked.stdout)
  const started = await groundstation(['start', 'a.ts'], run)
  assert.deepEqual([started.code, told.test(started.stderr)], [1, true], started.stderr)
})

test('a view over two feeds is left out where one of them comes first, and made when both start', async t => {
  const files = { 'a.ts': withView(POSITION_FEED, OF_BOTH), 'b.ts': SEQUENCED_FEED }
  const run = { cwd: await folderWith(t, files), env: { DATABASE_URL: await freshDatabase(t), PORT: '0' } }
  const ingested = await groundstation(['ingest', 'a.ts', '-'], { ...run, input: '{"value":1}\n{"value":2}\n' })
  assert.equal(ingested.code, 0)
  assert.match(ingested.stderr, /view both .*\\"steps\\" does not exist.*is made when all feeds are started/)
  assert.equal((await groundstation(['start', 'a.ts'], run)).code, 1)
  const checked = await groundstation(['check', 'a.ts', 'b.ts', '--stored'], run)
  assert.equal(checked.code, 0, checked.stdout)
  const program = spawnProgram(['start', 'a.ts', 'b.ts'], run)
  const said = await outputOf(program, /psql/)
  const [, url] = /GET (http\S+\/both)/.exec(said) ?? []
  assert.deepEqual(await (await fetch(url ?? said)).json(), { size: 1, data: [{ readings: 2, steps: 0 }] })
  program.kill('SIGTERM')
  await once(program, 'exit')
})

test('a feed of a file is checked and described with what its views read of the file’s others, their views too', async t => {
  const [imports = '', readings = ''] = POSITION_FEED.split('export default ')
  const steps = SEQUENCED_FEED.split('export default ')[1] ?? ''
  const file = `${imports}${SEQUENCED_FEED.split('\n')[1]?.replace('bigint, defineFeed, http, Type, ', '')}
    const readings = ${withView(readings, 'select * from readings')}
    const steps = ${withView(steps, 'select b.value from both b, steps').replace('both:', 'more:').replace("'/both'", "'/more'")}
    export default [readings, steps]`
  const cwd = await folderWith(t)
  await mkdir(join(cwd, 'feeds'))
  await writeFile(join(cwd, 'feeds', 'both.ts'), file.replaceAll(/\bboth b\b/g, '"both" b'))
  const run = { cwd, env: { DATABASE_URL: await freshDatabase(t) } }
  const checked = await groundstation(['check', 'steps', '--stored'], run)
  assert.deepEqual([checked.code, checked.stdout], [0, 'feeds/both.ts: steps is valid.\n'])
  const { stdout, stderr } = await groundstation(['generate', 'openapi', 'steps'], run)
  assert.equal(stderr, '')
  assert.deepEqual(
    Object.keys(JSON.parse(stdout).paths).filter(path => /both|more/.test(path)),
    ['/more'],
  )
})

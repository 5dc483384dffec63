import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadFeeds } from '../../src/loader/load.ts'
import { tryViews } from '../../src/store/views/trial.ts'
import { folderWith, groundstation, POSITION_FEED, SEQUENCED_FEED } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'
import { withAdmin } from '../template.ts'

const feeds = { 'readings.ts': POSITION_FEED, 'steps.ts': SEQUENCED_FEED }
const files = ['readings.ts', 'steps.ts']

const VIEWED_FEED = POSITION_FEED.replace(
  'tables:',
  "views: { totals: { path: '/totals', sql: 'select sum(value) as total from readings' } },\n  tables:",
)

/** Nothing that could be reached: what is generated needs none of it. */
const env = { DATABASE_URL: 'postgresql://127.0.0.1:9/none', KAFKA_BROKERS: '127.0.0.1:9' }

test('generate writes to standard output, and nothing else anywhere', async () => {
  const cwd = await folderWith({ after }, feeds)
  const { code, stdout, stderr } = await groundstation(['generate', 'sql', ...files], { cwd, env })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.match(stdout, /create table "public"\."readings" \([\s\S]*create table "public"\."steps" \(/)
  assert.deepEqual((await readdir(cwd)).sort(), files)
})

test('generate --out writes files into a folder, and says which', async () => {
  const cwd = await folderWith({ after }, feeds)
  const args = ['generate', 'sql', ...files, '--out', 'made/sql']
  const { code, stdout } = await groundstation(args, { cwd, env })
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'made/sql/tables.sql\n' })
  assert.match(await readFile(join(cwd, 'made/sql/tables.sql'), 'utf8'), /create table "public"\."steps"/)
  assert.deepEqual(await readdir(join(cwd, 'made/sql')), ['tables.sql'])
  const taken = await groundstation(['generate', 'sql', ...files, '--out', 'steps.ts'], { cwd, env })
  assert.equal(taken.code, 2)
  assert.match(taken.stderr, /steps\.ts.*can't be written/)
})

test('generate openapi needs no server and no database; --json gives the text to a program', async () => {
  const cwd = await folderWith({ after }, { 'viewed.ts': VIEWED_FEED })
  const { code, stdout, stderr } = await groundstation(['generate', 'openapi', 'viewed.ts', '--json'], { cwd, env })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const [file, another] = (JSON.parse(stdout) as { files: { path: string; text: string }[] }).files
  assert.deepEqual([file?.path, another], ['openapi.json', undefined])
  const { paths } = JSON.parse(file?.text ?? '')
  assert.deepEqual(Object.keys(paths['/readings']), ['post'])
  // What type a sum has PostgreSQL alone knows: an empty one was asked.
  assert.match(JSON.stringify(paths['/totals'].get.responses['200']), /"total":\{"anyOf":\[\{"type":"number"\}/)
  assert.deepEqual(await readdir(cwd), ['viewed.ts'])
})

test('generate openapi takes the shipped feeds, all and each, with no database and with one that nothing ran in', async t => {
  const cwd = join(import.meta.dirname, '../..')
  const url = await freshDatabase(t)
  const home = await folderWith(t)
  await withAdmin(url, async admin => {
    await admin.query('drop schema groundstation cascade')
    const shipped = (await readdir(join(cwd, 'feeds'))).filter(name => /(?<!\.test)\.ts$/.test(name))
    for (const file of shipped) await tryViews(admin, await loadFeeds([`feeds/${file}`], cwd))
    const runs = [{ DATABASE_URL: url }, { GROUNDSTATION_HOME: home }]
    const made = await Promise.all(runs.map(env => groundstation(['generate', 'openapi'], { cwd, env })))
    assert.deepEqual(
      made.map(({ code, stderr }) => ({ code, stderr })),
      runs.map(() => ({ code: 0, stderr: '' })),
    )
    // Nothing is made, in the one or the other.
    const { rows } = await admin.query("select to_regnamespace('groundstation') as schema")
    assert.deepEqual([rows, await readdir(home)], [[{ schema: null }], []])
  })
})

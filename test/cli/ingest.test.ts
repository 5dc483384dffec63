import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openStore } from '../../src/store/store.ts'
import { captured } from '../captures.ts'
import { freshDatabase } from '../database.ts'
import { folderWith, groundstation, POSITION_FEED, SEQUENCED_FEED, spawnProgram } from './program.ts'

const ROOT = join(import.meta.dirname, '../..')

async function rowsOf(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const store = await openStore(url)
  try {
    return (await store.query(statement)).rows
  } finally {
    await store.close()
  }
}

describe('real input', () => {
  test('4,000 detections are in their table after one ingest, and not one more after the next', async t => {
    const file = captured(t, 'vehicles/detections.ndjson')
    if (file === undefined) return
    const env = { DATABASE_URL: await freshDatabase(t) }
    const run = async () =>
      JSON.parse((await groundstation(['ingest', 'detections', file, '--json'], { cwd: ROOT, env })).stdout)
    assert.equal((await run()).accepted, 4_000)
    assert.equal((await run()).duplicate, 4_000)
    assert.deepEqual(await rowsOf(env.DATABASE_URL, 'select count(*) from detections'), [{ count: 4_000 }])
  })

  test('193 launches: nothing changes when they come again, and a changed one is a new version', async t => {
    const file = captured(t, 'spacex-rest/launches_2022-09.json')
    if (file === undefined) return
    const env = { DATABASE_URL: await freshDatabase(t) }
    const run = async (input: string) =>
      JSON.parse((await groundstation(['ingest', 'spacex-launches', input, '--json'], { cwd: ROOT, env })).stdout)
    assert.equal((await run(file)).accepted, 193)
    assert.equal((await run(file)).duplicate, 193)
    const launches = JSON.parse(await readFile(file, 'utf8')) as { id: string; details: string }[]
    const [first] = launches
    assert.ok(first)
    const changed = join(await folderWith(t), 'changed.json')
    await writeFile(changed, JSON.stringify([{ ...first, details: 'changed' }, ...launches.slice(1)]))
    const { accepted, duplicate } = await run(changed)
    assert.deepEqual({ accepted, duplicate }, { accepted: 1, duplicate: 192 })
    const latest = `select count(*), count(*) filter (where raw_data ->> 'details' = 'changed') as changed from raw_launches`
    assert.deepEqual(await rowsOf(env.DATABASE_URL, latest), [{ count: 193, changed: 1 }])
    const { stdout } = await groundstation(['verify', 'spacex-launches'], { cwd: ROOT, env })
    assert.match(stdout, /194 events, 193 keys, 193 rows: all as the record says/)
  })
})

test('killed in the middle and run again: exactly once', async t => {
  const count = 100_000
  const content = Array.from({ length: count }, (_, index) => `{"value":${index}}\n`).join('')
  const cwd = await folderWith(t, { 'a.ts': POSITION_FEED, input: content })
  const env = { DATABASE_URL: await freshDatabase(t) }
  for (const afterMs of [300, 600]) {
    const child = spawnProgram(['ingest', 'a.ts', 'input'], { cwd, env })
    const exit = once(child, 'exit')
    await waitForRows(env.DATABASE_URL, afterMs)
    child.kill('SIGKILL')
    await exit
  }
  const { code, stdout } = await groundstation(['ingest', 'a.ts', 'input', '--json'], { cwd, env })
  assert.equal(code, 0)
  const { accepted, duplicate } = JSON.parse(stdout)
  assert.equal(accepted + duplicate, count)
  assert.ok(accepted > 0, 'it was killed after its end, and not in the middle')
  assert.deepEqual(await rowsOf(env.DATABASE_URL, 'select count(*), count(distinct value) as values from readings'), [
    { count, values: count },
  ])
})

/** Until the ingest has stored something more, so that it is killed in the middle of its work. */
async function waitForRows(url: string, more: number): Promise<void> {
  const store = await openStore(url)
  try {
    const stored = async () =>
      Number((await store.query('select coalesce(sum(events), 0) as events from groundstation.feeds')).rows[0]?.events)
    const before = await stored()
    while ((await stored()) < before + more);
  } finally {
    await store.close()
  }
}

describe('ingest', () => {
  test('says what was refused, and leaves with 1', async t => {
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
    const env = { DATABASE_URL: await freshDatabase(t) }
    const input = gzipSync('{"key":"a","number":1}\n{"key":"a","number":0}\n{"key":"a","number":3}\n')
    const { code, stdout, stderr } = await groundstation(['ingest', 'a.ts', '-'], { cwd, env, input })
    assert.equal(code, 1)
    assert.match(stdout, /^1 accepted, 1 held, 0 duplicate, 0 conflict, 1 rejected in /)
    assert.match(stderr, /^standard input, event 2: rejected: \/number .* \(dead letter 1\)\n$/)
  })

  test('stops at a signal, and says how to go on', async t => {
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
    const child = spawnProgram(['ingest', 'a.ts', '-'], { cwd, env: { DATABASE_URL: await freshDatabase(t) } })
    const isTold = once(child.stderr, 'data')
    child.stdin.write('{"key":"a","number":0}\n')
    await isTold
    const exit = once(child, 'exit')
    child.kill('SIGINT')
    assert.deepEqual(await exit, [130, null])
  })

  test('refuses a file that is not there, and a feed that is not: 2', async t => {
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
    const env = { DATABASE_URL: await freshDatabase(t) }
    const missing = await groundstation(['ingest', 'a.ts', 'nothing'], { cwd, env })
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, /can't be read: ENOENT.*nothing/)
    assert.equal((await groundstation(['ingest', 'b', 'nothing'], { cwd: ROOT, env })).code, 2)
  })
})

test('dead letters are listed, shown, replayed into their place and dismissed', async t => {
  const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
  const env = { DATABASE_URL: await freshDatabase(t) }
  const run = (...args: string[]) => groundstation(args, { cwd, env, input: '{"key":"a","number":2}' })
  const input = '{"key":"a","number":1}\n{"key":"a","number":"2"}\n{"key":"a","number":3}\nno\n'
  await groundstation(['ingest', 'a.ts', '-'], { cwd, env, input })
  const { stdout } = await run('dead-letters', 'a.ts', 'list', '--json')
  const letters = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { id: number; reason: string })
  const [wrong, broken] = ['schema', 'json'].map(reason => String(letters.find(letter => letter.reason === reason)?.id))
  assert.ok(letters.length === 2 && wrong && broken)
  assert.match((await run('dead-letters', 'a.ts', 'list')).stdout, / {2}schema \(a.*\): \/number must be.*\n/)
  assert.match(
    (await run('dead-letters', 'a.ts', 'show', wrong)).stdout,
    /reason: schema[\s\S]*\{"key":"a","number":"2"\}\n$/,
  )
  assert.equal((await run('dead-letters', 'a.ts', 'replay', wrong)).code, 1)
  const dry = await run('dead-letters', 'a.ts', 'replay', wrong, '--event', '-', '--dry', '--json')
  assert.deepEqual(JSON.parse(dry.stdout), { outcome: 'accepted' })
  assert.equal((await run('dead-letters', 'a.ts', 'replay', wrong, '--event', '-')).stdout, 'accepted\n')
  assert.equal((await run('dead-letters', 'a.ts', 'dismiss', broken)).code, 0)
  assert.equal((await run('dead-letters', 'a.ts', 'list')).stdout, '')
  assert.match((await run('dead-letters', 'a.ts', 'list', '--all')).stdout, /\(replayed\)\n/)
  assert.deepEqual(await run('dead-letters', 'a.ts', 'show', '9'), {
    code: 2,
    stdout: '',
    stderr: 'steps has no dead letter 9.\n',
  })
  assert.deepEqual(await rowsOf(env.DATABASE_URL, 'select number from steps order by number'), [
    { number: 1 },
    { number: 2 },
    { number: 3 },
  ])
})

test('verify finds what was changed by hand, and replay puts it right', async t => {
  const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
  const env = { DATABASE_URL: await freshDatabase(t) }
  const run = (...args: string[]) => groundstation(args, { cwd, env })
  const input = '{"key":"a","number":1}\n{"key":"a","number":2}\n'
  await groundstation(['ingest', 'a.ts', '-'], { cwd, env, input })
  assert.equal((await run('verify', 'a.ts')).code, 0)
  await rowsOf(env.DATABASE_URL, 'delete from steps where number = 2')
  const found = await run('verify', 'a.ts', '--json')
  assert.equal(found.code, 1)
  assert.equal(JSON.parse(found.stdout).reports[0].differences[0].what, 'removed')
  const dry = await run('replay', 'a.ts', '--dry')
  assert.equal(dry.code, 1)
  assert.match(dry.stdout, /steps: 1 row inserted, 0 deleted/)
  assert.equal((await run('replay', 'a.ts')).code, 0)
  assert.equal((await run('verify', 'a.ts')).code, 0)
})

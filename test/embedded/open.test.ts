import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { GroundstationError } from '../../src/errors.ts'
import { madeHome, newHome, open, postmasterPid, query, spawnUser, until } from './homes.ts'

const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)

test('the first start makes everything, closed to others; UTF-8, by code point, checksums, safe commits', async t => {
  const home = await newHome(t)
  const server = await open(t, home)
  assert.equal(server.adopted, false)
  assert.equal(server.urlFile, join(home, 'database-url'))
  assert.equal((await readFile(server.urlFile, 'utf8')).trim(), server.url)
  assert.match(server.url, /^postgresql:\/\/groundstation:[\w-]{43}@127\.0\.0\.1:\d+\/groundstation$/)
  const modes = ['', 'database-url', 'postgres', 'users', 'locks', 'server.log'].map(name => mode(join(home, name)))
  assert.deepEqual(await Promise.all(modes), ['700', '600', '700', '700', '700', '600'])
  const [row] = await query(
    server.url,
    `SELECT current_setting('server_encoding') AS encoding, current_setting('data_checksums') AS checksums,
       current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
       current_setting('max_wal_size') AS wal, current_setting('max_connections') AS connections,
       current_setting('listen_addresses') AS addresses, current_user AS role, 'a' > 'B' AS by_code_point,
       (SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = current_user) AS scram`,
  )
  assert.deepEqual(row, {
    encoding: 'UTF8',
    checksums: 'on',
    fsync: 'on',
    commit: 'on',
    wal: '4GB',
    connections: '60',
    addresses: '127.0.0.1',
    role: 'groundstation',
    by_code_point: true,
    scram: true,
  })
})

test('nobody gets in without the password, and neither the log nor a command line tells it', async t => {
  const home = await madeHome(t)
  const said: string[] = []
  const server = await open(t, home, { log: line => said.push(line.message) })
  const password = new URL(server.url).password
  await assert.rejects(query(server.url.replace(password, 'wrong'), 'SELECT 1'), /password authentication failed/)
  await assert.rejects(query(server.url, `ALTER ROLE groundstation PASSWORD '${password}' VALID UNTIL 'never'`))
  const commands = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' })
  for (const text of [await readFile(join(home, 'server.log'), 'utf8'), said.join('\n'), commands]) {
    assert.ok(!text.includes(password))
  }
})

test('the last one to leave stops it, the next one finds the same port and data', async t => {
  const home = await madeHome(t)
  const first = await open(t, home)
  const second = await open(t, home)
  assert.equal(second.adopted, true)
  assert.equal(second.url, first.url)
  await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n')
  await first.stop()
  await first.stop()
  assert.deepEqual(await query(second.url, 'SELECT n FROM kept'), [{ n: 7 }])
  await second.stop()
  await assert.rejects(postmasterPid(home), { code: 'ENOENT' })
  const third = await open(t, home)
  assert.equal(third.adopted, false)
  assert.equal(third.url, first.url)
  assert.deepEqual(await query(third.url, 'SELECT n FROM kept'), [{ n: 7 }])
})

test('a port that was taken meanwhile is exchanged, and the file says so', async t => {
  const home = await madeHome(t)
  const first = await open(t, home)
  await first.stop()
  const squatter = createServer()
  squatter.listen(Number(new URL(first.url).port), '127.0.0.1')
  await once(squatter, 'listening')
  t.after(() => squatter.close())
  const second = await open(t, home)
  assert.notEqual(second.url, first.url)
  assert.equal((await readFile(second.urlFile, 'utf8')).trim(), second.url)
  await query(second.url, 'SELECT 1')
})

test('a data folder that is not ours is refused and left as it was', async t => {
  const home = await newHome(t)
  await mkdir(join(home, 'postgres'), { recursive: true })
  await writeFile(join(home, 'postgres', 'PG_VERSION'), '18\n')
  await assert.rejects(open(t, home), { code: 'EMBEDDED_FOREIGN', message: /was not made by Groundstation: move it/ })
  assert.deepEqual(await readdir(join(home, 'postgres')), ['PG_VERSION'])
  assert.deepEqual(await readdir(join(home, 'users')), [])
})

test('data of another major version, a lost password and a foreign URL are refused with what to do', async t => {
  const home = await madeHome(t)
  const server = await open(t, home)
  await server.stop()
  await writeFile(server.urlFile, 'postgresql://me@db.example.org/mine\n')
  await assert.rejects(open(t, home), { code: 'EMBEDDED_FOREIGN', message: /put the file back/ })
  await rm(server.urlFile)
  await assert.rejects(open(t, home), { code: 'EMBEDDED_FOREIGN', message: /database-url, is gone/ })
  await writeFile(join(home, 'postgres', 'PG_VERSION'), '16\n')
  await assert.rejects(open(t, home), { code: 'EMBEDDED_FOREIGN', message: /PostgreSQL 16.*groundstation move/ })
})

test('a first start that was killed in the middle is done again', async t => {
  const home = await newHome(t)
  const child = spawnUser(t, home)
  const drafts = async (): Promise<string[]> => (await readdir(home)).filter(name => name.startsWith('postgres.new-'))
  await until('initdb has begun', async () => {
    const [draft] = await drafts()
    return draft !== undefined && (await readdir(join(home, draft))).length > 0
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.ok((await drafts()).length > 0)
  const server = await open(t, home)
  assert.equal(server.adopted, false)
  await query(server.url, 'SELECT 1')
  assert.deepEqual(await drafts(), [])
})

test('a home that cannot be is said in clear words', async t => {
  const home = await newHome(t)
  await writeFile(home, '')
  await assert.rejects(open(t, home), { code: 'EMBEDDED_FAILED', message: /set GROUNDSTATION_HOME to a folder/ })
  await assert.rejects(open(t, join(home, 'inner')), { code: 'EMBEDDED_FAILED', message: /GROUNDSTATION_HOME/ })
})

test('an aborted signal ends the opening and leaves nothing running', async t => {
  const home = await newHome(t)
  const stopping = new AbortController()
  const opening = open(t, home, { signal: stopping.signal })
  await until('the folder is being made', async () => (await readdir(home)).some(name => name.startsWith('postgres')))
  stopping.abort()
  await assert.rejects(opening, (error: unknown) => error instanceof GroundstationError && error.code === 'STOPPING')
  assert.deepEqual(await readdir(join(home, 'users')), [])
  assert.deepEqual((await readdir(home)).sort(), ['.gitignore', 'locks', 'users'])
})

test('a ping that fails fails the opening and stops what it started', async t => {
  const home = await madeHome(t)
  const ping = async (): Promise<void> => {
    throw new GroundstationError('STORE_UNREACHABLE', 'no answer')
  }
  await assert.rejects(open(t, home, { ping }), { code: 'STORE_UNREACHABLE' })
  await assert.rejects(postmasterPid(home), { code: 'ENOENT' })
  await open(t, home, { ping: async url => void (await query(url, 'SELECT 1')) })
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isRunning } from '../../src/embedded/process-identity.ts'
import { copyHome } from '../made-home.ts'
import { killAndWait, madeHome, newHome, open, postmasterPid, query, until, userProcess } from './homes.ts'

test('a server whose owner was killed is adopted, and stopped by who leaves last', async t => {
  const home = await madeHome(t)
  const owner = await userProcess(t, home)
  const pid = await postmasterPid(home)
  await owner.kill()
  assert.ok(isRunning(pid), 'the server outlives its owner')
  const next = await open(t, home)
  assert.equal(next.adopted, true)
  assert.equal(next.url, owner.url)
  assert.equal(await postmasterPid(home), pid)
  await query(next.url, 'SELECT 1')
  await next.stop()
  assert.equal(isRunning(pid), false)
})

test('processes that open at the same moment share one server; it goes on until the last has left', async t => {
  const home = await newHome(t)
  const users = await Promise.all([userProcess(t, home), userProcess(t, home), userProcess(t, home)])
  assert.equal(users.filter(user => !user.adopted).length, 1)
  assert.equal(new Set(users.map(user => user.url)).size, 1)
  const pid = await postmasterPid(home)
  const [first, second, third] = users
  if (first === undefined || second === undefined || third === undefined) return
  await first.leave()
  await second.kill()
  await query(third.url, 'SELECT 1')
  assert.equal(await postmasterPid(home), pid)
  await third.leave()
  assert.equal(isRunning(pid), false)
})

test('a killed postmaster is restarted on the same port, with all that was committed, under all its users', async t => {
  const home = await madeHome(t)
  const warnings: string[] = []
  const server = await open(t, home, { log: line => line.level === 'warn' && warnings.push(line.message) })
  const other = await userProcess(t, home)
  await query(server.url, 'CREATE TABLE kept AS SELECT 7 AS n')
  const pid = await postmasterPid(home)
  // A backend that computes doesn't notice that its postmaster is gone.
  const busy = assert.rejects(query(other.url, 'SELECT count(*) FROM generate_series(1, 10000000000) /* busy */'))
  const isBusy = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%/* busy%' AND pid <> pg_backend_pid()"
  await until('a backend computes', async () => (await query(server.url, isBusy)).length === 1)
  await killAndWait(pid)
  await until('it answers again', async () => (await query(server.url, 'SELECT 1')).length === 1)
  assert.notEqual(await postmasterPid(home), pid)
  assert.deepEqual(await query(other.url, 'SELECT n FROM kept'), [{ n: 7 }])
  await until('it has been said', async () => warnings.some(line => line.includes('is back')))
  await busy
  assert.equal(server.lost.aborted, false)
  await other.leave()
  const last = await postmasterPid(home)
  await server.stop()
  assert.equal(isRunning(last), false)
})

test('owner and postmaster killed together: the next one starts it again over the stale file', async t => {
  const home = await madeHome(t)
  const owner = await userProcess(t, home)
  await query(owner.url, 'CREATE TABLE kept AS SELECT 7 AS n')
  await owner.kill()
  await killAndWait(await postmasterPid(home))
  const next = await open(t, home)
  assert.equal(next.adopted, false)
  assert.equal(next.url, owner.url)
  assert.deepEqual(await query(next.url, 'SELECT n FROM kept'), [{ n: 7 }])
})

test('a server that keeps dying is given up, and said', async t => {
  const home = await madeHome(t)
  const server = await open(t, home)
  const lost = once(server.lost, 'abort')
  for (let death = 1; death <= 5; death += 1) {
    const pid = await postmasterPid(home)
    await killAndWait(pid)
    if (death === 5) break
    await until('it is back', async () => (await postmasterPid(home)) !== pid)
    await until('it answers', async () => (await query(server.url, 'SELECT 1')).length === 1)
  }
  await lost
  assert.equal((server.lost.reason as { code: string }).code, 'EMBEDDED_FAILED')
  await server.stop()
})

test('stop() returns when the server has died before', async t => {
  const home = await madeHome(t)
  const server = await open(t, home)
  await killAndWait(await postmasterPid(home))
  await server.stop()
})

test('a postmaster.pid whose process id belongs to another program now is no hindrance', async t => {
  const home = await madeHome(t)
  const server = await open(t, home)
  await server.stop()
  const lines = [process.pid, join(home, 'postgres'), 1, 1, '', '127.0.0.1', ' 1 1', 'ready   ', '']
  await writeFile(join(home, 'postgres', 'postmaster.pid'), lines.join('\n'))
  const next = await open(t, home)
  assert.equal(next.adopted, false)
  await query(next.url, 'SELECT 1')
})

test('a home copied while it runs opens by itself, with its own server', async t => {
  const home = await madeHome(t)
  const server = await open(t, home)
  await query(server.url, 'CREATE TABLE kept AS SELECT 7 AS n; CHECKPOINT')
  const copied = await newHome(t)
  await copyHome(home, copied)
  const copy = await open(t, copied)
  assert.equal(copy.adopted, false)
  assert.notEqual(copy.url, server.url)
  assert.deepEqual(await query(copy.url, 'SELECT n FROM kept'), [{ n: 7 }])
  const pid = await postmasterPid(copied)
  await copy.stop()
  assert.equal(isRunning(pid), false)
  await query(server.url, 'SELECT 1')
})

test('the log stays bounded', async t => {
  const home = await madeHome(t)
  const log = join(home, 'server.log')
  const server = await open(t, home)
  await writeFile(log, 'x'.repeat(11 * 1024 * 1024))
  await until('it was cut', async () => (await readFile(log)).length < 1024)
  assert.ok((await readFile(`${log}.1`)).length > 10 * 1024 * 1024)
  await server.stop()
})

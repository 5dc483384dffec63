import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { freshDatabase } from '../database.ts'
import {
  folderWith,
  groundstation,
  outputOf,
  POLLED_FEED,
  POSITION_FEED,
  SEQUENCED_FEED,
  spawnProgram,
} from './program.ts'

type Started = {
  readonly child: ReturnType<typeof spawnProgram>
  readonly url: string
  readonly told: string
  readonly exit: Promise<unknown[]>
}

/** Starts it on a port of its own choice, with a database of its own. */
async function start(
  t: TestContext,
  cwd: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Started> {
  const url = env.DATABASE_URL ?? (await freshDatabase(t))
  const child = spawnProgram(['start', '--port', '0', ...args], { cwd, env: { DATABASE_URL: url, ...env } })
  const exit = once(child, 'exit')
  t.after(() => void child.kill('SIGKILL'))
  const told = await outputOf(child, / {2}psql {2}.*\n/)
  return { child, told, exit, url: /ready on (http:\S+)/.exec(told)?.[1] ?? '' }
}

const post = (url: string, event: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) })

describe('start', () => {
  test('tells where to post, where to read, and which feeds are off', async t => {
    const kafka = POSITION_FEED.replace('http }', 'kafka }')
      .replace(', http,', ', kafka,')
      .replace("http({ path: '/readings' })", "kafka({ topic: 'r' })")
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED, 'b.ts': kafka, 'c.ts': POLLED_FEED })
    const { told, url, child, exit } = await start(t, cwd, ['a.ts', 'b.ts', 'c.ts'])
    assert.match(told, new RegExp(`POST ${url}/steps\n`))
    assert.match(
      told,
      new RegExp(`POST ${url}/feeds/readings/events\n.*off: KAFKA_BROKERS isn't set; its API and ingest work`),
    )
    assert.match(
      told,
      new RegExp(`POST ${url}/feeds/things/events\n.*off: THINGS_URL isn't set; its API and ingest work`),
    )
    assert.equal((await post(`${url}/feeds/things/events`, { id: 'a' })).status, 200)
    assert.match(told, new RegExp(`docs {2}${url}/docs\n`))
    assert.match(told, /psql {2}psql "\$DATABASE_URL"\n/)
    assert.doesNotMatch(told, /postgresql:/)
    child.kill('SIGINT')
    assert.deepEqual(await exit, [0, null])
  })

  test('takes events, and goes on with them after kill -9', async t => {
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
    const DATABASE_URL = await freshDatabase(t)
    const first = await start(t, cwd, ['a.ts'], { DATABASE_URL })
    const event = { key: 'a', number: 1 }
    assert.deepEqual(await (await post(`${first.url}/steps`, event)).json(), { outcome: 'accepted' })
    first.child.kill('SIGKILL')
    await first.exit
    const second = await start(t, cwd, ['a.ts'], { DATABASE_URL })
    assert.deepEqual(await (await post(`${second.url}/steps`, event)).json(), { outcome: 'duplicate' })
    second.child.kill('SIGTERM')
    assert.deepEqual(await second.exit, [0, null])
  })

  test('brings up a PostgreSQL of its own, and stops it at the end', async t => {
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
    const child = spawnProgram(['start', 'a.ts', '--port', '0', '--json'], { cwd })
    t.after(() => void child.kill('SIGKILL'))
    const exit = once(child, 'exit')
    const told = await outputOf(child, /"psql":.*\n/)
    assert.match(told, /cat \.groundstation\/database-url/)
    // Ctrl-C comes to every process of the terminal, and npm and the launcher pass it on as well: that is still one.
    child.kill('SIGINT')
    child.kill('SIGINT')
    assert.deepEqual(await exit, [0, null])
    const { stdout } = await groundstation(['doctor', '--json'], { cwd })
    assert.match(stdout, /"what":"database","ok":true/)
  })

  test('ends with its launcher, however that ends', async t => {
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
    const launcher = join(import.meta.dirname, 'launch.ts')
    const { spawn } = await import('node:child_process')
    const parent = spawn(process.execPath, [launcher, 'start', 'a.ts', '--port', '0'], {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: await freshDatabase(t) },
    })
    const told = await outputOf(parent, / {2}psql {2}.*\n/)
    const pid = Number(/child (\d+)/.exec(told)?.[1])
    parent.kill('SIGKILL')
    for (let isAlive = true; isAlive; await delay(20)) {
      try {
        process.kill(pid, 0)
      } catch {
        isAlive = false
      }
    }
  })
})

describe('start is refused', () => {
  test('with a feed that has a mistake: 1', async t => {
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED.replace("key: 'key'", "key: 'kee'") })
    const { code, stderr } = await groundstation(['start', 'a.ts'], { cwd })
    assert.equal(code, 1)
    assert.match(stderr, /^a\.ts: The feed steps is not valid:\n {2}identity\.key: 'kee'/)
  })

  test('with a bad setting: 2', async t => {
    const { code, stderr } = await groundstation(['start'], { cwd: await folderWith(t), env: { PORT: 'x' } })
    assert.equal(code, 2)
    assert.match(stderr, /^PORT \(--port\) is 'x' in the environment: expected a port/)
  })

  test('for everyone to reach, unless told so: 2', async t => {
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
    const { code, stderr } = await groundstation(['start', 'a.ts'], { cwd, env: { HOST: '0.0.0.0' } })
    assert.equal(code, 2)
    assert.match(stderr, /^HOST is '0\.0\.0\.0', which others reach.*--open/)
    for (const [args, env, status] of [
      [['--open'], {}, 200],
      [[], { GROUNDSTATION_SECRET: 's'.repeat(32) }, 401],
    ] as const) {
      const { child, exit, url } = await start(t, cwd, ['a.ts', ...args], { HOST: '0.0.0.0', ...env })
      assert.equal((await post(`${url}/steps`, { key: 'a', number: 1 })).status, status)
      child.kill('SIGTERM')
      await exit
    }
  })

  test('on a port that is taken: 3', async t => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    t.after(() => void taken.close())
    const address = taken.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
    const env = { DATABASE_URL: await freshDatabase(t), PORT: port }
    const { code, stderr } = await groundstation(['start', 'a.ts'], { cwd, env })
    assert.equal(code, 3)
    assert.match(stderr, new RegExp(`Port ${port} .*taken`))
  })

  test('without its database: 3', async t => {
    const cwd = await folderWith(t, { 'a.ts': SEQUENCED_FEED })
    const env = { DATABASE_URL: 'postgresql://me:hunter2@127.0.0.1:1/none' }
    const { code, stdout, stderr } = await groundstation(['start', 'a.ts', '--json'], { cwd, env })
    assert.equal(code, 3)
    assert.match(stdout, /^\{"error":\{"code":"STORE_UNREACHABLE",/)
    assert.doesNotMatch(stdout + stderr, /hunter2/)
  })
})

/** Homes, processes and facts for the tests of the embedded server. Whatever a test starts ends with it, by its pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type EmbeddedOptions, type EmbeddedServer, openEmbedded } from '../../src/embedded/index.ts'
import { isRunning } from '../../src/embedded/process-identity.ts'
import { copyMadeHome } from '../home-copies.ts'

export type UserProcess = {
  readonly child: ChildProcess
  readonly url: string
  readonly adopted: boolean
  leave(): Promise<void>
  kill(): Promise<void>
}

/** A folder for a home that doesn't exist yet; at the end its server, if any, is killed and the folder removed. */
export async function newHome(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-test-'))
  const home = join(folder, 'home')
  t.after(async () => {
    const pid = await postmasterPid(home).catch(() => undefined)
    if (pid !== undefined && isRunning(pid)) await killAndWait(pid)
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  return home
}

/** A home that was made and used before, at rest. */
export async function madeHome(t: TestContext): Promise<string> {
  const home = await newHome(t)
  await copyMadeHome(home)
  return home
}

/** Opens the server in this process; given back when the test ends, if the test hasn't. */
export async function open(t: TestContext, home: string, more: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServer> {
  const server = await openEmbedded({ home, log: () => {}, ...more })
  t.after(() => server.stop())
  return server
}

/** Starts a process of its own that uses the server. */
export function spawnUser(t: TestContext, home: string): ChildProcess {
  const script = fileURLToPath(new URL('./user-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, home], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  return child
}

/** The same, once it is connected. */
export async function userProcess(t: TestContext, home: string): Promise<UserProcess> {
  const child = spawnUser(t, home)
  if (child.stdout === null || child.stdin === null) throw new TypeError('the child has no pipes')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { stdin } = child
  const exit = once(child, 'exit')
  return {
    child,
    ...(JSON.parse(line) as { url: string; adopted: boolean }),
    leave: async () => {
      stdin.end()
      await exit
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exit
    },
  }
}

export async function postmasterPid(home: string): Promise<number> {
  return Number.parseInt(await readFile(join(home, 'postgres', 'postmaster.pid'), 'utf8'), 10)
}

export async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(`process ${pid} is gone`, async () => !isRunning(pid))
}

/** Runs a statement on a connection of its own. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** Looks again and again until the fact holds, 10 seconds at most. A rejection counts as not yet. */
export async function until(fact: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new TypeError(`waited 10 s, and still not: ${fact}`)
    await delay(10)
  }
}

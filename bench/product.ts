import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Groundstation as a user starts it. */
export type Product = {
  readonly pid: number
  readonly port: number
  /** From the start of the process until it said that it was ready. */
  readonly readyAfterMs: number
  rssMib(): Promise<number>
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const READY_MS_MAX = 60_000

/** More of the command: arguments of `start`, and settings. */
export type Start = { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }

/** Starts it over a database, or over the embedded one of a folder; with a CPU profile of it, written when it stops. */
export async function startProduct(
  place: { readonly url: string } | { readonly home: string },
  profile?: string,
  start: Start = { args: [], env: {} },
): Promise<Product> {
  const port = await freePort()
  const { DATABASE_URL: _, ...env } = process.env
  const settings = 'url' in place ? { DATABASE_URL: place.url } : { GROUNDSTATION_HOME: place.home }
  const startedMs = performance.now()
  const flags =
    profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.cwd()}`, `--cpu-prof-name=${profile}`]
  const command = ['bin/groundstation.mjs', 'start', ...start.args, '--port', String(port)]
  const child = spawn(process.execPath, [...flags, ...command], {
    cwd: ROOT,
    env: { ...env, ...settings, ...start.env, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await untilReady(child, port, startedMs)
  } catch (error) {
    await stop(child)
    throw error
  }
  const readyAfterMs = performance.now() - startedMs
  const pid = child.pid ?? 0
  return { pid, port, readyAfterMs, rssMib: () => rssMibOf(pid), stop: () => stop(child) }
}

async function untilReady(child: ChildProcess, port: number, startedMs: number): Promise<void> {
  while (performance.now() - startedMs < READY_MS_MAX) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`groundstation start ended: ${child.signalCode ?? child.exitCode}`)
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
      async answer => {
        await answer.body?.cancel()
        return answer.ok
      },
      () => false,
    )
    if (ready) return
    await delay(10)
  }
  throw new Error(`groundstation start isn't ready after ${READY_MS_MAX / 1000} s`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}

/** The resident memory of one process. */
export async function rssMibOf(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout) / 1024
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

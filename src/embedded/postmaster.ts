/**
 * A running server, as its own `postmaster.pid` tells of it. The file alone proves nothing: it outlives a crash, its
 * process id may belong to someone else by now, and it is copied along with a folder. So a process counts as the server
 * of a folder only when its command line carries that folder's identity (device and inode), as `start.ts` gives it.
 */
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { GroundstationError } from '../errors.ts'
import { commandLineOf, hasEntry, isRunning, processesWith } from './process-identity.ts'
import type { Programs } from './programs.ts'
import { run } from './run.ts'

const POLL_MS = 20
const FAST_STOP_MS = 60_000
const HARD_STOP_MS = 10_000

export type Postmaster = { readonly pid: number; readonly port: number; readonly status: string }

/** The name a server runs under, in its command line: which folder is its own. */
export async function clusterName(data: string): Promise<string> {
  const { dev, ino } = await stat(data, { bigint: true })
  return `groundstation-${dev.toString(36)}-${ino.toString(36)}`
}

/**
 * The server of this folder, running or starting or stopping; undefined when there is none. A `postmaster.pid` over
 * which PostgreSQL would refuse to start, though its process is none of ours or a zombie, is removed. That is safe:
 * backends that are left of a dead server are found by their shared memory, which is named after the folder.
 */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const found = await readPidFile(data)
  if (found === undefined) return undefined
  if (isRunning(found.pid) && (await isServerOf(data, found.pid))) return found
  const again = await readPidFile(data)
  if (again?.pid === found.pid && hasEntry(found.pid)) await rm(join(data, 'postmaster.pid'), { force: true })
  return undefined
}

async function isServerOf(data: string, pid: number): Promise<boolean> {
  const command = await commandLineOf(pid)
  if (command !== undefined) return command.includes(await clusterName(data))
  if (!isRunning(pid)) return false
  throw new GroundstationError(
    'EMBEDDED_FAILED',
    `${join(data, 'postmaster.pid')} names process ${pid}, which this user can't look at: start as the user that started it, or end it first`,
  )
}

/** Waits until the server of this folder takes connections; undefined when it ended first. Recovery takes its time. */
export async function waitUntilReady(
  data: string,
  options: { signal?: AbortSignal | undefined; onLongWait?: () => void },
): Promise<Postmaster | undefined> {
  const started = performance.now()
  let said = false
  for (;;) {
    const found = await findPostmaster(data)
    if (found === undefined || found.status === 'ready') return found
    if (performance.now() - started > 10_000 && !said) {
      said = true
      options.onLongWait?.()
    }
    await pause(options.signal)
  }
}

/**
 * Stops the server of this folder and waits until it is gone: first in order, after a minute hard (recovery follows at
 * the next start). False when it is still there after that. Returns at once when there is none.
 */
export async function stopPostmaster(data: string, programs: Programs): Promise<boolean> {
  const found = await findPostmaster(data)
  if (found === undefined) return true
  await tell(found.pid, 'SIGINT', data, programs)
  if (await isGone(found.pid, FAST_STOP_MS)) return true
  await tell(found.pid, 'SIGQUIT', data, programs)
  return isGone(found.pid, HARD_STOP_MS)
}

/**
 * Ends the backends that a killed server left: one that computes doesn't notice, and PostgreSQL rightly refuses to start
 * beside it. SIGQUIT makes them leave at once, without writing; what they had committed is in the log and is recovered.
 */
export async function endLeftovers(data: string): Promise<void> {
  for (const pid of await processesWith(`postgres: ${await clusterName(data)}: `)) {
    try {
      process.kill(pid, 'SIGQUIT')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

async function readPidFile(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  })
  const [pid, , , port, , , , status] = text.split('\n').map(line => line.trim())
  if (!(Number(pid) > 0)) return undefined
  return { pid: Number(pid), port: Number(port ?? 0), status: status ?? 'starting' }
}

async function tell(pid: number, signal: 'SIGINT' | 'SIGQUIT', data: string, programs: Programs): Promise<void> {
  if (process.platform === 'win32') {
    // There a signal is an end without warning; pg_ctl knows the server's own way.
    const mode = signal === 'SIGINT' ? 'fast' : 'immediate'
    await run(programs.pgCtl, ['stop', '-D', data, '-m', mode, '-W'], { cwd: data })
    return
  }
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function isGone(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (isRunning(pid)) {
    if (performance.now() > deadline) return false
    await delay(POLL_MS)
  }
  return true
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal })
  } catch (cause) {
    throw new GroundstationError('STOPPING', 'stopped while the embedded database was starting', { cause })
  }
}

/**
 * Starts the server of a data folder. Call it under the lock. Even so two servers may meet (a starter that was killed
 * leaves one on its way): then PostgreSQL's own lock file decides, the second one ends, and the first one is taken.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { GroundstationError } from '../errors.ts'
import { dataArgument } from './account.ts'
import type { Making } from './data-folder.ts'
import { freePort, isFree } from './database-url.ts'
import { clusterName, endLeftovers, type Postmaster, waitUntilReady } from './postmaster.ts'
import { faultLines, spawnFault, spawnProgram } from './run.ts'
import { openLog, readLogFrom } from './server-log.ts'
import { writeSettings } from './server-settings.ts'

/** Backends of a killed server may take a moment to end, and until then PostgreSQL refuses to start a second one. */
const LEFTOVER_WAIT_MS = 10_000
const RETRY_MS = 100

export type Starting = Making & { readonly port: number; readonly onLongWait?: () => void }

/**
 * The server once it takes connections, on `port`, or where that is taken and `mayMove` on another one.
 * Raises EMBEDDED_FAILED with the server's own words, STOPPING when the signal is aborted.
 */
export async function startPostmaster(starting: Starting, mayMove: boolean): Promise<Postmaster> {
  await writeSettings(starting.home.data, starting.account)
  const deadline = performance.now() + LEFTOVER_WAIT_MS
  for (;;) {
    const port = mayMove && !(await isFree(starting.port)) ? await freePort() : starting.port
    const attempt = await run(starting, port)
    if ('pid' in attempt) return attempt
    const passing = /shared memory block|lock file .* is empty|could not (bind|create any TCP)/.test(attempt.said)
    if (!passing || performance.now() > deadline) throw startFault(starting, attempt.said)
    if (/shared memory block/.test(attempt.said)) await endLeftovers(starting.home.data)
    await delay(RETRY_MS)
  }
}

async function run(starting: Starting, port: number): Promise<Postmaster | { readonly said: string }> {
  const { home, signal, onLongWait } = starting
  const log = await openLog(home.log)
  let child: ChildProcess | undefined
  try {
    child = await spawnServer(starting, port, log.fd)
    // postmaster.pid is there a moment after the process is.
    for (;;) {
      const found = await waitUntilReady(home.data, { signal, ...(onLongWait === undefined ? {} : { onLongWait }) })
      if (found !== undefined) return found
      if (hasEnded(child)) return { said: await readLogFrom(home.log, log.from) }
      await delay(RETRY_MS / 10)
    }
  } catch (error) {
    child?.kill('SIGINT')
    throw error
  } finally {
    log.close()
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function spawnServer(starting: Starting, port: number, logFd: number): Promise<ChildProcess> {
  const { programs, account, home } = starting
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    // Nobody needs a socket in the file system: the URL is TCP, and socket paths end at 107 bytes.
    unix_socket_directories: '',
    cluster_name: await clusterName(home.data),
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawnProgram(programs.postgres, ['-D', dataArgument(account, home.data), ...args], {
    cwd: home.data,
    // In a session of its own, so that Ctrl-C doesn't reach it before the application has drained.
    detached: true,
    stdio: ['ignore', logFd, logFd],
    ...account,
  })
  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw spawnFault(programs.postgres, cause as Error)
  }
  // This process may end while the server goes on for others.
  child.unref()
  return child
}

function startFault({ home }: Starting, said: string): GroundstationError {
  const full = /No space left on device/.test(said)
  const why = full ? 'the disk is full: free some space, then start again' : faultLines(said)
  return new GroundstationError('EMBEDDED_FAILED', `PostgreSQL did not start: ${why} (more in ${home.log})`)
}

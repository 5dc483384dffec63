/**
 * The embedded server belongs to its folder: whoever needs it starts or adopts it, the last one to leave stops it.
 *
 * Invariants:
 * 1. Starting, stopping, restarting and counting users happen under the home's lock; so at most one process does them.
 * 2. A user's lease is there before it learns the URL, and the server is stopped only when no living lease is left.
 * 3. A server that somebody left behind (its users were killed) is adopted by the next one, never doubled.
 */
import { messageOf } from '../errors.ts'
import { serverAccount } from './account.ts'
import { ensureData, type Making } from './data-folder.ts'
import { formatUrl } from './database-url.ts'
import { asFault, prepareHome, removeDrafts, writePrivate } from './home.ts'
import { countUsers, dropLease, takeLease } from './lease.ts'
import { removeDeadDrafts, withLock } from './lock.ts'
import { type Postmaster, stopPostmaster, waitUntilReady } from './postmaster.ts'
import { preparePrograms } from './programs.ts'
import { boundLog } from './server-log.ts'
import { startPostmaster } from './start.ts'
import { type Watch, watch } from './watch.ts'

const STOP_LOCK_MS = 90_000

export type EmbeddedLogLine = { level: 'info' | 'warn'; message: string }

export type EmbeddedOptions = {
  /** The folder the server belongs to; made where it is missing. */
  readonly home: string
  readonly log: (line: EmbeddedLogLine) => void
  /** Ends the opening with STOPPING. Once it is open, `stop()` ends it. */
  readonly signal?: AbortSignal
  /** Connects once, to prove that the server takes our password. Its rejection fails the opening. */
  readonly ping?: (url: string) => Promise<void>
}

export type EmbeddedServer = {
  /** What psql and drivers take, password included: never log it. The same across restarts. */
  readonly url: string
  /** The file of mode 600 that holds the URL. */
  readonly urlFile: string
  /** Whether it already ran: another process uses it, or left it behind. */
  readonly adopted: boolean
  /** Gives up this use; the last user stops the server. Idempotent, never rejects, ends also when the server is dead. */
  stop(): Promise<void>
  /** Aborted when the server keeps dying and is given up; the reason is a GroundstationError. */
  readonly lost: AbortSignal
}

type Opened = { readonly server: Postmaster; readonly url: string; readonly adopted: boolean; readonly lease: string }

/**
 * Starts or adopts the PostgreSQL of a folder; resolves when it takes connections.
 * Raises EMBEDDED_UNAVAILABLE (none for this platform), EMBEDDED_FOREIGN (the folder isn't ours, or of another major
 * version), EMBEDDED_FAILED (disk, rights, the server's own fault), STOPPING (the signal).
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const home = await prepareHome(options.home)
  try {
    const account = await serverAccount(home.path, home.data)
    const making: Making = { home, account, programs: await preparePrograms(account), signal: options.signal }
    const opened = await lockHome(making, options, () => open(making, options))
    const watching = watchServer(making, options, opened)
    let stopped: Promise<void> | undefined
    const stop = (): Promise<void> => {
      stopped ??= leave(making, options, opened.lease, watching)
      return stopped
    }
    return { url: opened.url, urlFile: home.urlFile, adopted: opened.adopted, stop, lost: watching.lost }
  } catch (error) {
    throw asFault(error, home.path)
  }
}

async function open(making: Making, options: EmbeddedOptions): Promise<Opened> {
  const { home } = making
  await removeDeadDrafts(home.locks)
  const lease = await takeLease(home.users)
  try {
    await removeDrafts(home)
    const { server, adopted, url } = await findOrStart(making, options)
    await options.ping?.(url)
    return { server, adopted, url, lease }
  } catch (error) {
    await dropLease(lease)
    if ((await countUsers(home.users)) === 0) await stopPostmaster(home.data, making.programs)
    throw error
  }
}

async function findOrStart(making: Making, options: EmbeddedOptions): Promise<Omit<Opened, 'lease'>> {
  const startedMs = performance.now()
  const { home, programs, signal } = making
  const { password, port, created } = await ensureData(making)
  const onLongWait = (): void => options.log({ level: 'info', message: 'PostgreSQL is still starting (recovering)' })
  const running = created ? undefined : await waitUntilReady(home.data, { signal, onLongWait })
  const server = running ?? (await startPostmaster({ ...making, port, onLongWait }, true))
  const url = formatUrl({ password, port: server.port })
  if (server.port !== port) await writePrivate(home.urlFile, `${url}\n`)
  const verb = running !== undefined ? 'adopted' : created ? 'created and started' : 'started'
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  options.log({
    level: 'info',
    message: `embedded PostgreSQL ${programs.major} ${verb} on 127.0.0.1:${server.port} in ${seconds} s (${home.urlFile})`,
  })
  return { server, url, adopted: running !== undefined }
}

function watchServer(making: Making, options: EmbeddedOptions, opened: Opened): Watch {
  const { home } = making
  return watch(opened.server.pid, {
    restart: async signal => {
      const again: Making = { ...making, signal }
      const server = await lockHome(again, options, async () => {
        const running = await waitUntilReady(home.data, { signal })
        return running ?? (await startPostmaster({ ...again, port: opened.server.port }, false))
      })
      return server.pid
    },
    tend: () => boundLog(home.log),
    warn: message => options.log({ level: 'warn', message }),
  })
}

async function leave(making: Making, options: EmbeddedOptions, lease: string, watching: Watch): Promise<void> {
  const { home, programs } = making
  const warn = (message: string): void => options.log({ level: 'warn', message })
  try {
    await watching.stop()
    await dropLease(lease)
    await withLock(home.lock, { timeoutMs: STOP_LOCK_MS }, async () => {
      if ((await countUsers(home.users)) > 0) return
      const gone = await stopPostmaster(home.data, programs)
      if (!gone) warn(`the embedded PostgreSQL of ${home.path} does not stop; the next start adopts it`)
    })
  } catch (error) {
    warn(`the embedded PostgreSQL of ${home.path} was left running: ${messageOf(error)}`)
  }
}

function lockHome<T>(making: Making, options: EmbeddedOptions, work: () => Promise<T>): Promise<T> {
  const onLongWait = (pid: number): void => {
    options.log({ level: 'info', message: `waiting for process ${pid}, which is opening the embedded PostgreSQL` })
  }
  return withLock(making.home.lock, { signal: making.signal, onLongWait }, work)
}

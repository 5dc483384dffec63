/**
 * A lock between processes that survives `kill -9` of its holder.
 *
 * Invariants:
 * 1. The lock is a file whose content names its holder. It comes into being complete (a finished file is linked under
 *    the lock's name), so nobody ever reads half a name.
 * 2. A living holder's lock is removed by the holder only.
 * 3. A dead holder's lock is removed only by who holds `<lock>.break`, and only when, under it, the content is still
 *    the one found dead. So of two breakers the second sees the first one's new lock and leaves it alone.
 * 4. `<lock>.break` is a lock of the same kind; a breaker that dies is broken in the same way.
 */
import { link, readdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { GroundstationError } from '../errors.ts'
import { giveToOwnerOf } from './account.ts'
import { claimant, isClaimAlive, newClaim } from './claim.ts'

const POLL_MS = 20

export type LockOptions = {
  readonly signal?: AbortSignal | undefined
  /** After this many milliseconds the wait ends with BUSY; without it, it lasts as long as the holder lives. */
  readonly timeoutMs?: number
  /** Called once a wait has lasted ten seconds, with the holder's process id. */
  readonly onLongWait?: (pid: number) => void
}

/**
 * Runs `work` while no other process (and no other call in this one) holds the lock at `path`.
 * Raises STOPPING when the signal is aborted while waiting, BUSY after `timeoutMs`.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const claim = await newClaim(dirname(path))
  const draft = `${path}.draft-${claim}`
  await writeFile(draft, claim, { mode: 0o600, flag: 'wx' })
  try {
    await giveToOwnerOf(dirname(path), draft)
    await acquire(path, draft, options)
  } finally {
    await unlinkIfThere(draft)
  }
  try {
    return await work()
  } finally {
    await unlinkIfThere(path)
  }
}

/** Removes what processes left that were killed while they asked for a lock. */
export async function removeDeadDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const claim = name.split('.draft-')[1]
    if (claim !== undefined && !(await isClaimAlive(folder, claim))) await unlinkIfThere(join(folder, name))
  }
}

async function acquire(path: string, draft: string, options: LockOptions): Promise<void> {
  const started = performance.now()
  let said = false
  while (!(await linked(draft, path))) {
    const holder = await readIfThere(path)
    if (holder === undefined) continue
    if (!(await isClaimAlive(dirname(path), holder))) {
      await breakLock(path, holder, options)
      continue
    }
    const waitedMs = performance.now() - started
    if (options.timeoutMs !== undefined && waitedMs > options.timeoutMs) {
      throw new GroundstationError(
        'BUSY',
        `process ${claimant(holder)} has held ${path} for ${Math.round(waitedMs / 1000)} s`,
      )
    }
    if (waitedMs > 10_000 && !said) {
      said = true
      options.onLongWait?.(claimant(holder))
    }
    await pause(options.signal)
  }
}

async function breakLock(path: string, deadHolder: string, options: LockOptions): Promise<void> {
  await withLock(join(dirname(path), `${basename(path)}.break`), options, async () => {
    if ((await readIfThere(path)) === deadHolder) await unlinkIfThere(path)
  })
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal })
  } catch (cause) {
    throw new GroundstationError('STOPPING', 'stopped while waiting for another process to open the database', {
      cause,
    })
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

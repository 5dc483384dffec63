/**
 * The home folder and what lies in it:
 *
 *     postgres/       the data folder, the server's user's own
 *     database-url    mode 600, the URL that psql takes
 *     users/          a lease for each process that uses the server
 *     locks/          the lock under which the server is started and stopped
 *     secret          mode 600, what tokens are signed with where GROUNDSTATION_SECRET isn't set
 *     server.log      what the server says; server.log.1 is the one before
 */
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { GroundstationError, messageOf } from '../errors.ts'
import { giveToOwnerOf } from './account.ts'

export type Home = {
  readonly path: string
  readonly data: string
  readonly urlFile: string
  readonly users: string
  readonly locks: string
  readonly lock: string
  readonly log: string
}

/** Makes the home where it is missing, closed to others. Raises EMBEDDED_FAILED when it can't be made or written. */
export async function prepareHome(folder: string): Promise<Home> {
  const path = resolve(folder)
  const home: Home = {
    path,
    data: join(path, 'postgres'),
    urlFile: join(path, 'database-url'),
    users: join(path, 'users'),
    locks: join(path, 'locks'),
    lock: join(path, 'locks', 'server'),
    log: join(path, 'server.log'),
  }
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await close(path)
    for (const inner of [home.users, home.locks]) {
      await mkdir(inner, { recursive: true, mode: 0o700 })
      await giveToOwnerOf(path, inner)
    }
    // Neither the data nor the password belongs into anyone's repository.
    await writeFile(join(path, '.gitignore'), '*\n', { mode: 0o600, flag: 'wx' }).catch(() => {})
    return home
  } catch (cause) {
    throw asFault(cause, path)
  }
}

/**
 * Writes a file that only its owner reads, from its first moment, and all of it or nothing: a draft of mode 600 takes
 * the name once it is on the disk. Under root it belongs to whom the home belongs to.
 */
export async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.draft-${randomUUID()}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await giveToOwnerOf(dirname(path), draft)
  await rename(draft, path)
  await syncFolder(dirname(path))
}

/** A rename is only safe from a power loss once its folder is on the disk. Not every system can open a folder. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => {})
  await folder?.close()
}

/** Removes what a killed process left half done: drafts of files, and data folders that were never finished. */
export async function removeDrafts(home: Home): Promise<void> {
  for (const name of await readdir(home.path)) {
    if (name.startsWith('postgres.new-') || name.startsWith('database-url.draft-')) {
      await rm(join(home.path, name), { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

/** A fault of the file system in words that say what to do. What is one of our own already stays as it is. */
export function asFault(cause: unknown, path: string): GroundstationError {
  if (cause instanceof GroundstationError) return cause
  const advice: Record<string, string> = {
    ENOSPC: 'the disk is full: free some space, then start again',
    EDQUOT: 'the disk quota is used up: free some space, then start again',
    EACCES: 'this user may not write there: start as the user the folder belongs to, or set GROUNDSTATION_HOME',
    EPERM: 'this user may not change it: start as the user the folder belongs to, or set GROUNDSTATION_HOME',
    EROFS: 'it is on a read-only file system: set GROUNDSTATION_HOME to a folder that can be written',
    ENOTDIR: 'a part of that path is a file: set GROUNDSTATION_HOME to a folder',
    EEXIST: 'a file has that name: set GROUNDSTATION_HOME to a folder',
  }
  const known = advice[(cause as NodeJS.ErrnoException).code ?? '']
  return new GroundstationError('EMBEDDED_FAILED', `the embedded database in ${path}: ${known ?? messageOf(cause)}`, {
    cause,
  })
}

/** A folder of many uses that someone named by mistake, such as /tmp, keeps its mode: the files in it are closed anyway. */
async function close(path: string): Promise<void> {
  if ([resolve('/'), resolve(tmpdir()), resolve(homedir()), process.cwd()].includes(path)) return
  const found = await stat(path)
  const me = process.geteuid?.()
  const mine = me === undefined || found.uid === me || me === 0
  if (mine && (found.mode & 0o1077) !== 0 && (found.mode & 0o1000) === 0) await chmod(path, 0o700)
}

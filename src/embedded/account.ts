/**
 * PostgreSQL refuses to run as root. Under root the server gets another user, and everything that user needs is reached
 * without opening a folder to anyone: the server is started *in* its data folder, which only that user can read, and is
 * told that its data is at `/proc/self/cwd`. The folders above (a home of mode 700, a clone under /root) stay closed.
 */
import { lchown, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GroundstationError } from '../errors.ts'

export type Account = { readonly uid: number; readonly gid: number }

/** initdb looks its user up by name, so the user has to exist; these do nearly everywhere. */
const UNPRIVILEGED = ['nobody', 'daemon']

/**
 * Which user the server runs as; undefined: the one this process has. Under root it is the owner of the data folder,
 * else of the home, else an unprivileged user. Raises EMBEDDED_UNAVAILABLE where root has no way to do it.
 */
export async function serverAccount(home: string, data: string): Promise<Account | undefined> {
  if (process.geteuid?.() !== 0) return undefined
  if (process.platform !== 'linux' || !(await found('/proc/self/cwd'))) {
    throw new GroundstationError(
      'EMBEDDED_UNAVAILABLE',
      'PostgreSQL does not run as root, and another user can be arranged on Linux with /proc only: start as an ordinary user, or set DATABASE_URL',
    )
  }
  const owner = await found(data)
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const users = await passwd()
  const houseUid = (await found(home))?.uid
  const house = users.find(user => user.uid === houseUid && user.uid !== 0)
  if (house !== undefined) return { uid: house.uid, gid: house.gid }
  const chosen = UNPRIVILEGED.map(name => users.find(user => user.name === name)).find(user => user !== undefined)
  if (chosen !== undefined) return { uid: chosen.uid, gid: chosen.gid }
  throw new GroundstationError(
    'EMBEDDED_UNAVAILABLE',
    'PostgreSQL does not run as root, and /etc/passwd names no user "nobody" to run it as: start as an ordinary user, or set DATABASE_URL',
  )
}

/** Under root, gives a file to whom its folder's owner is, so that a user's home stays usable after one start as root. */
export async function giveToOwnerOf(folder: string, path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return
  const owner = await stat(folder)
  if (owner.uid !== 0) await lchown(path, owner.uid, owner.gid)
}

/** What `-D` gets: the folder itself, or for another user the folder it is started in. */
export function dataArgument(account: Account | undefined, folder: string): string {
  return account === undefined ? folder : '/proc/self/cwd'
}

/** Gives a folder and all in it to the server's user. A folder that root copied has become root's. */
export async function giveTo(account: Account | undefined, folder: string): Promise<void> {
  if (account === undefined) return
  for (const entry of await readdir(folder, { recursive: true })) {
    await lchown(join(folder, entry), account.uid, account.gid)
  }
  await lchown(folder, account.uid, account.gid)
}

async function passwd(): Promise<readonly (Account & { readonly name: string })[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return text
    .split('\n')
    .map(line => line.split(':'))
    .filter(fields => fields.length >= 4)
    .map(([name, , uid, gid]) => ({ name: name ?? '', uid: Number(uid), gid: Number(gid) }))
}

async function found(path: string): Promise<Account | undefined> {
  return stat(path).catch(() => undefined)
}

/**
 * Who uses the server. Each user holds a file named after its process; a user that was killed leaves a file whose
 * process is gone, and the next one who looks removes it. Leases are taken and counted under the home's lock.
 */
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isClaimAlive, newClaim } from './claim.ts'

/** Takes a lease for this process; the answer is its file. A process may hold several. */
export async function takeLease(folder: string): Promise<string> {
  const file = join(folder, await newClaim(folder))
  await writeFile(file, '', { mode: 0o600, flag: 'wx' })
  return file
}

/** Gives a lease back. Safe without the lock, and when it is already gone. */
export async function dropLease(file: string): Promise<void> {
  await rm(file, { force: true })
}

/** How many living users there are; the leases of dead ones are removed. Call it under the lock. */
export async function countUsers(folder: string): Promise<number> {
  let living = 0
  for (const name of await readdir(folder)) {
    if (await isClaimAlive(folder, name)) living += 1
    else await rm(join(folder, name), { force: true })
  }
  return living
}

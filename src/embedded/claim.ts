/**
 * A claim is a text that names the process that makes it and the folder it is made in: what a lease is called and what
 * a lock holds. It is alive while that process runs, and in that folder only: a home that is copied while it is in use
 * takes the claims along, and they mean nothing there.
 */
import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { isAlive, ownName } from './process-identity.ts'

/** A new claim of this process, fit for a file name: `<pid>-<stamp>-<folder>-<nonce>`. */
export async function newClaim(folder: string): Promise<string> {
  const me = await ownName()
  return `${me.pid}-${me.stamp}-${await placeOf(folder)}-${randomUUID()}`
}

/** Whether the process that made the claim still runs and the claim is one of this folder. */
export async function isClaimAlive(folder: string, claim: string): Promise<boolean> {
  const [pid, stamp, place] = claim.split('-')
  if (pid === undefined || stamp === undefined || !/^\d+$/.test(pid)) return false
  return place === (await placeOf(folder)) && (await isAlive({ pid: Number(pid), stamp }))
}

/** The process id in a claim. */
export function claimant(claim: string): number {
  return Number.parseInt(claim, 10)
}

async function placeOf(folder: string): Promise<string> {
  return (await stat(folder, { bigint: true })).ino.toString(36)
}

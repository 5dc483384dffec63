import { GroundstationError } from '../errors.ts'
import type { Identity } from '../feed/access.ts'
import type { Query } from '../store/read/query.ts'
import { findCredentialsById } from '../store/users/accounts.ts'
import { useToken } from '../store/users/machine-tokens.ts'
import { digestOf, isMachineToken } from './machine-token.ts'
import type { UserTokens } from './user-token.ts'

/** `good`: who it was when the database last said so. */
type Good = { readonly identity: Identity; readonly untilMs: number }
type Known = { readonly untilMs: number; readonly holder: Promise<Identity | undefined>; good: Good | undefined }

/** How long a token is taken for what it was: so long it may be used after it was ended. */
export const REMEMBERED_MS = 1_000
const REMEMBERED_MAX = 10_000
/** The same, while the database can't be asked; there nobody can end one either. What needs no database goes on. */
const TRUSTED_MS = 10 * 60_000
/** So long the database is waited for where the token is known to have been good. */
const ANSWER_MS_MAX = 2_000

/**
 * Says who a token is: a user's by its signature and the account as it stands, a machine's by its digest. Undefined for one
 * that isn't good, or no more. Raises STORE_UNREACHABLE for one that was not good lately. A token that comes again within a second is not looked up again.
 */
export function authenticator(query: Query, tokens: UserTokens): (token: string) => Promise<Identity | undefined> {
  const known = new Map<string, Known>()
  return token => {
    const nowMs = performance.now()
    const digest = digestOf(token)
    const name = digest.toString('base64')
    const found = known.get(name)
    if (found !== undefined && nowMs < found.untilMs) return found.holder
    const asked = isMachineToken(token) ? machineOf(query, digest) : userOf(query, tokens, token)
    const holder = trusting(asked, found?.good)
    const entry: Known = { untilMs: nowMs + REMEMBERED_MS, holder, good: found?.good }
    // The oldest goes first; one that is looked up again is young again.
    known.delete(name)
    known.set(name, entry)
    for (const oldest of known.keys()) {
      if (known.size <= REMEMBERED_MAX) break
      known.delete(oldest)
    }
    asked.then(
      identity => {
        entry.good = identity && { identity, untilMs: performance.now() + TRUSTED_MS }
      },
      () => undefined,
    )
    // A failure isn't remembered.
    holder.catch(() => {
      if (known.get(name) === entry) known.delete(name)
    })
    return holder
  }
}

/** What the database says; where it says nothing, what it said last. */
async function trusting(asked: Promise<Identity | undefined>, good: Good | undefined): Promise<Identity | undefined> {
  if (good === undefined || performance.now() >= good.untilMs) return asked
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<Identity>(resolve => {
    timer = setTimeout(resolve, ANSWER_MS_MAX, good.identity)
  })
  try {
    return await Promise.race([asked, silence])
  } catch (error) {
    if (error instanceof GroundstationError && error.code === 'STORE_UNREACHABLE') return good.identity
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function machineOf(query: Query, digest: Buffer): Promise<Identity | undefined> {
  const token = await useToken(query, digest)
  return token && { kind: 'machine', id: String(token.id), name: token.name, role: token.role }
}

async function userOf(query: Query, tokens: UserTokens, token: string): Promise<Identity | undefined> {
  const claims = await tokens.verify(token)
  if (claims === undefined) return undefined
  const account = await findCredentialsById(query, claims.id)
  if (account === undefined || account.tokenVersion !== claims.version) return undefined
  return { kind: 'user', id: account.id, name: account.username, role: account.role }
}

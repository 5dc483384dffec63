import { GroundstationError } from '../errors.ts'
import type { Identity } from '../feed/access.ts'
import type { Query } from '../store/read/query.ts'
import {
  type Account,
  type Credentials,
  findCredentials,
  insertAccount,
  listAccounts,
  updatePassword,
} from '../store/users/accounts.ts'
import { type AccountFields, usernameKeyOf } from './account.ts'
import { authenticator } from './authenticate.ts'
import { LOGIN_LIMITS, LoginCounter, type LoginLimits } from './login-limits.ts'
import { checkPassword, fitsPassword, HashQueue, hashPassword } from './passwords.ts'
import { userTokens } from './user-token.ts'

/** Whether a password was right; `limited`: it wasn't looked at. */
export type Checked =
  | { readonly outcome: 'right'; readonly account: Credentials }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'limited'; readonly retryAfter: number }

export type PasswordCheck = { readonly username: string; readonly password: string; readonly address: string }

export type UsersOptions = { readonly query: Query; readonly secret: string; readonly limits?: Partial<LoginLimits> }

/** Who may ask, for a process that serves. Passwords are hashed one after another, off the main thread. */
export type Users = {
  /** Who a token is; undefined for one that isn't good. Raises STORE_UNREACHABLE. */
  identify(token: string): Promise<Identity | undefined>
  /** A wrong one counts against the account and the address. Raises TOO_MANY_REQUESTS, STORE_UNREACHABLE. */
  check(check: PasswordCheck): Promise<Checked>
  /** A token for half an hour. */
  tokenFor(account: Credentials): Promise<string>
  /** The new account's id. Raises NAME_TAKEN, TOO_MANY_REQUESTS. */
  add(fields: AccountFields): Promise<string>
  list(page: { readonly skip: number; readonly limit: number }): Promise<Account[]>
  /** Ends every token that the user has. Raises REQUEST_INVALID, TOO_MANY_REQUESTS. */
  changePassword(username: string, password: string): Promise<void>
}

/** Raises SETTING_INVALID for a secret that is too short. */
export function createUsers({ query, secret, limits }: UsersOptions): Users {
  const tokens = userTokens(secret)
  const counter = new LoginCounter(query, secret, { ...LOGIN_LIMITS, ...limits })
  const queue = new HashQueue()
  return {
    identify: authenticator(query, tokens),
    tokenFor: ({ id, tokenVersion }) => tokens.sign({ id, version: tokenVersion }),
    check: async ({ username, password, address }) => {
      const usernameKey = usernameKeyOf(username)
      const attempt = { usernameKey, address }
      const known = counter.secondsLeft(attempt)
      if (known !== undefined) return { outcome: 'limited', retryAfter: known }
      // In the queue from here on: what isn't looked at for want of room doesn't count.
      return queue.run(async () => {
        const retryAfter = await counter.take(attempt)
        if (retryAfter !== undefined) return { outcome: 'limited', retryAfter }
        const account = await findCredentials(query, usernameKey)
        if (!(await fitsPassword(password, account?.passwordHash)) || account === undefined) return { outcome: 'wrong' }
        await counter.forgive(attempt)
        return { outcome: 'right', account }
      })
    },
    add: fields => addAccount(query, fields, work => queue.run(work)),
    list: page => listAccounts(query, page),
    changePassword: async (username, password) => {
      checkPassword(password)
      const passwordHash = await queue.run(() => hashPassword(password))
      await updatePassword(query, usernameKeyOf(username), passwordHash)
    },
  }
}

/** Makes an account; its id. Raises NAME_TAKEN. */
export async function addAccount(
  query: Query,
  { password, ...fields }: AccountFields,
  run: (work: () => Promise<string>) => Promise<string> = work => work(),
): Promise<string> {
  const passwordHash = await run(() => hashPassword(password))
  const id = await insertAccount(query, { ...fields, usernameKey: usernameKeyOf(fields.username), passwordHash })
  if (id === undefined) throw new GroundstationError('NAME_TAKEN', `There is a user ${fields.username}.`)
  return id
}

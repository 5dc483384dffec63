import type { Role } from '../../feed/access.ts'
import { type Query, type Row, rfc3339 } from '../read/query.ts'

/** Somebody with a password, as others may see them. */
export type Account = {
  readonly id: string
  readonly username: string
  readonly name: string
  readonly lastname: string
  readonly email: string
  readonly role: Role
  readonly createdAt: string
}

export type NewAccount = Omit<Account, 'id' | 'createdAt'> & {
  /** The username as it is compared. */
  readonly usernameKey: string
  readonly passwordHash: string
}

/** What a password, and then a token, is checked against. */
export type Credentials = {
  readonly id: string
  readonly username: string
  readonly role: Role
  readonly passwordHash: string
  readonly tokenVersion: number
}

/** Undefined where the username is taken. */
export async function insertAccount(query: Query, account: NewAccount): Promise<string | undefined> {
  const { username, usernameKey, name, lastname, email, role, passwordHash } = account
  const { rows } = await query(
    `insert into groundstation.account (username, username_key, name, lastname, email, role, password_hash)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (username_key) do nothing returning id`,
    [username, usernameKey, name, lastname, email, role, passwordHash],
  )
  return rows[0] === undefined ? undefined : String(rows[0].id)
}

export async function listAccounts(
  query: Query,
  { skip, limit }: { readonly skip: number; readonly limit: number },
): Promise<Account[]> {
  const { rows } = await query(
    `select id, username, name, lastname, email, role, ${rfc3339('created_at')} as created_at
     from groundstation.account order by created_at, id offset $1 limit $2`,
    [skip, limit],
  )
  return rows.map(accountOf)
}

/** Whether nobody can show a token: no account, and no machine's token that isn't revoked. */
export async function isDeserted(query: Query): Promise<boolean> {
  const { rows } = await query(
    `select not exists (select from groundstation.account)
       and not exists (select from groundstation.machine_token where revoked_at is null) as deserted`,
    [],
  )
  return rows[0]?.deserted === true
}

const CREDENTIALS = 'select id, username, role, password_hash, token_version from groundstation.account'

export async function findCredentials(query: Query, usernameKey: string): Promise<Credentials | undefined> {
  const { rows } = await query(`${CREDENTIALS} where username_key = $1`, [usernameKey], 'credentials-by-name')
  return credentialsOf(rows[0])
}

export async function findCredentialsById(query: Query, id: string): Promise<Credentials | undefined> {
  const { rows } = await query(`${CREDENTIALS} where id = $1`, [id], 'credentials-by-id')
  return credentialsOf(rows[0])
}

/** Ends every token that there is. Whether there was such an account. */
export async function updatePassword(query: Query, usernameKey: string, passwordHash: string): Promise<boolean> {
  const { rows } = await query(
    `update groundstation.account set password_hash = $2, token_version = token_version + 1
     where username_key = $1 returning id`,
    [usernameKey, passwordHash],
  )
  return rows.length > 0
}

/** Whether there was such an account. */
export async function deleteAccount(query: Query, usernameKey: string): Promise<boolean> {
  const { rows } = await query('delete from groundstation.account where username_key = $1 returning id', [usernameKey])
  return rows.length > 0
}

const accountOf = (row: Row): Account => ({
  id: String(row.id),
  username: String(row.username),
  name: String(row.name),
  lastname: String(row.lastname),
  email: String(row.email),
  role: row.role as Role,
  createdAt: String(row.created_at),
})

const credentialsOf = (row: Row | undefined): Credentials | undefined =>
  row && {
    id: String(row.id),
    username: String(row.username),
    role: row.role as Role,
    passwordHash: String(row.password_hash),
    tokenVersion: Number(row.token_version),
  }

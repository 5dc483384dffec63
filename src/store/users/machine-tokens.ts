import type { Role } from '../../feed/access.ts'
import { type Query, type Row, rfc3339 } from '../read/query.ts'

export type MachineToken = {
  readonly id: number
  readonly name: string
  readonly role: Role
  readonly createdAt: string
  readonly usedAt: string | null
  readonly revokedAt: string | null
}

/** Undefined where a token that isn't revoked has the name. */
export async function insertToken(
  query: Query,
  { name, role, digest }: { readonly name: string; readonly role: Role; readonly digest: Buffer },
): Promise<number | undefined> {
  const { rows } = await query(
    `insert into groundstation.machine_token (name, role, digest) values ($1, $2, $3)
     on conflict (name) where revoked_at is null do nothing returning id`,
    [name, role, digest],
  )
  return rows[0] === undefined ? undefined : Number(rows[0].id)
}

/** The one with the digest, unless it is revoked. When it was used is noted, to the minute. */
export async function useToken(
  query: Query,
  digest: Buffer,
): Promise<Pick<MachineToken, 'id' | 'name' | 'role'> | undefined> {
  const { rows } = await query(
    `with found as (
       select id, name, role, used_at from groundstation.machine_token where digest = $1 and revoked_at is null
     ), noted as (
       update groundstation.machine_token t set used_at = now() from found f
       where t.id = f.id and (f.used_at is null or f.used_at < now() - interval '1 minute')
     )
     select id, name, role from found`,
    [digest],
    'use-machine-token',
  )
  const [row] = rows
  return row && { id: Number(row.id), name: String(row.name), role: row.role as Role }
}

/** Those that were revoked as well. */
export async function listTokens(query: Query): Promise<MachineToken[]> {
  const { rows } = await query(
    `select id, name, role, ${rfc3339('created_at')} as created_at, ${rfc3339('used_at')} as used_at,
       ${rfc3339('revoked_at')} as revoked_at
     from groundstation.machine_token order by id`,
    [],
  )
  return rows.map(tokenOf)
}

/** Whether there was one of that name. */
export async function revokeToken(query: Query, name: string): Promise<boolean> {
  const { rows } = await query(
    'update groundstation.machine_token set revoked_at = now() where name = $1 and revoked_at is null returning id',
    [name],
  )
  return rows.length > 0
}

const tokenOf = (row: Row): MachineToken => ({
  id: Number(row.id),
  name: String(row.name),
  role: row.role as Role,
  createdAt: String(row.created_at),
  usedAt: row.used_at === null ? null : String(row.used_at),
  revokedAt: row.revoked_at === null ? null : String(row.revoked_at),
})

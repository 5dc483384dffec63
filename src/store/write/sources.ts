import type { Client, Query } from '../store.ts'

export type SourceRow = {
  readonly id: number
  readonly nextOffset: number
  readonly digest: Buffer | null
  readonly isComplete: boolean
}
const COLUMNS = 'id, next_offset as "nextOffset", digest, is_complete as "isComplete"'

export async function findSource(query: Query, feed: number, name: string): Promise<SourceRow | undefined> {
  const { rows } = await query(`select ${COLUMNS} from groundstation.source where feed = $1 and name = $2`, [
    feed,
    name,
  ])
  return (rows as SourceRow[])[0]
}

/** The log's row, locked: who holds it alone moves its offset. */
export async function lockSource(client: Client, feed: number, name: string): Promise<SourceRow> {
  await client.query('insert into groundstation.source (feed, name) values ($1, $2) on conflict do nothing', [
    feed,
    name,
  ])
  const { rows } = await client.query<SourceRow>(
    `select ${COLUMNS} from groundstation.source where feed = $1 and name = $2 for update`,
    [feed, name],
  )
  return rows[0] as SourceRow
}

export async function advanceSource(
  client: Client,
  id: number,
  nextOffset: number,
  digest: Buffer | undefined,
  isComplete: boolean,
): Promise<void> {
  await client.query(
    'update groundstation.source set next_offset = $2, digest = coalesce($3, digest), is_complete = is_complete or $4, updated_at = now() where id = $1',
    [id, nextOffset, digest ?? null, isComplete],
  )
}

/** Keeps a request's key with its body's digest; what is kept under the key now. */
export async function claimSource(
  query: Query,
  feed: number,
  name: string,
  digest: Buffer,
): Promise<{ isNew: boolean; digest: Buffer }> {
  const inserted = await query(
    'insert into groundstation.source (feed, name, digest, is_complete) values ($1, $2, $3, true) on conflict do nothing returning id',
    [feed, name, digest],
  )
  if (inserted.rows.length > 0) return { isNew: true, digest }
  const known = await findSource(query, feed, name)
  return { isNew: false, digest: known?.digest ?? digest }
}

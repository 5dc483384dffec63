import type { Client, Query } from '../store.ts'

export type SourceRow = {
  readonly id: number
  readonly name: string
  readonly nextOffset: number
  readonly digest: Buffer | null
  readonly isComplete: boolean
  readonly epoch: number
}
const COLUMNS = 'id, name, next_offset as "nextOffset", digest, is_complete as "isComplete", epoch'

export async function findSource(query: Query, feed: number, name: string): Promise<SourceRow | undefined> {
  const { rows } = await query(`select ${COLUMNS} from groundstation.source where feed = $1 and name = $2`, [
    feed,
    name,
  ])
  return (rows as SourceRow[])[0]
}

/** The logs' rows, locked: who holds one alone moves its offset. The names in their order, so that none wait in a circle. */
export async function lockSources(client: Client, feed: number, names: readonly string[]): Promise<SourceRow[]> {
  const lock = () =>
    client.query<SourceRow>({
      name: 'lock-sources',
      text: `select ${COLUMNS} from groundstation.source where feed = $1 and name = any($2::text[]) order by name for update`,
      values: [feed, names],
    })
  const { rows } = await lock()
  if (rows.length === names.length) return rows
  await client.query(
    'insert into groundstation.source (feed, name) select $1, n from unnest($2::text[]) as n order by n on conflict do nothing',
    [feed, names],
  )
  return (await lock()).rows
}

export type SourceChange = {
  readonly id: number
  readonly nextOffset: number
  readonly digest: Buffer | undefined
  readonly isComplete: boolean
  /** As JSON; undefined: it stays. */
  readonly cursor: (() => unknown) | undefined
}

export async function advanceSources(client: Client, changes: readonly SourceChange[]): Promise<void> {
  await client.query({
    name: 'advance-sources',
    text: `update groundstation.source s set next_offset = c.next_offset, digest = coalesce(c.digest, s.digest),
        is_complete = s.is_complete or c.is_complete, cursor = coalesce(c.cursor, s.cursor), updated_at = now()
      from unnest($1::integer[], $2::bigint[], $3::bytea[], $4::boolean[], $5::jsonb[]) as c (id, next_offset, digest, is_complete, cursor)
      where s.id = c.id`,
    values: [
      changes.map(change => change.id),
      changes.map(change => change.nextOffset),
      changes.map(change => change.digest ?? null),
      changes.map(change => change.isComplete),
      changes.map(change => (change.cursor === undefined ? null : JSON.stringify(change.cursor()))),
    ],
  })
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

/**
 * Forgets the idempotency keys of requests that came longer ago, so many at most. Only where events carry their own identity:
 * to others the key's row is what tells a repeat, for as long as its events are on the record.
 */
export async function forgetClaims(query: Query, feed: number, keepMs: number, limit: number): Promise<void> {
  await query(
    `delete from groundstation.source where id in (
       select id from groundstation.source
       where feed = $1 and updated_at < now() - $2::double precision * interval '1 millisecond'
         and next_offset = 0 and is_complete and place is null and name like 'key:%' limit $3)`,
    [feed, keepMs, limit],
    'forget-claims',
  )
}

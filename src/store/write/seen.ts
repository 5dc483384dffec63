import { type ArrayType, Rows, type RowsMode } from '../binary-rows.ts'
import type { Client, Query } from '../store.ts'
import { writeRows } from './copy.ts'
import { POSTGRES_EPOCH_MICROS } from './events.ts'

export type Seen = { readonly id: string; readonly digest: Buffer }

export async function findSeen(client: Client, feed: number, ids: readonly string[]): Promise<Seen[]> {
  const { rows } = await client.query<Seen>({
    name: 'find-seen',
    text: 'select id, digest from groundstation.seen where feed = $1 and id = any($2::text[])',
    values: [feed, ids],
  })
  return rows
}

const COLUMNS = ['feed', 'id', 'digest', 'seen_at']
const TYPES: readonly ArrayType[] = ['smallint', 'text', 'bytea', 'timestamp']

export async function insertSeen(
  client: Client,
  feed: number,
  nowMicros: number,
  seen: readonly Seen[],
  mode: RowsMode = 'copy',
): Promise<void> {
  const rows = new Rows(mode, TYPES, seen.length * 120)
  for (const { id, digest } of seen) {
    rows.row()
    rows.next().smallintField(feed)
    rows.next().textField(id)
    rows.next().bytesField(digest)
    rows.next().bigintField(nowMicros - POSTGRES_EPOCH_MICROS)
  }
  await writeRows(client, { table: 'groundstation.seen', columns: COLUMNS, types: TYPES }, rows)
}

/** Forgets ids that were seen longer ago than the feed's horizon. */
export async function forgetSeen(query: Query, feed: number, horizonMs: number, limit: number): Promise<void> {
  await query(
    `delete from groundstation.seen where feed = $1 and id in (
       select id from groundstation.seen where feed = $1 and seen_at < now() - $2::double precision * interval '1 millisecond' limit $3)`,
    [feed, horizonMs, limit],
  )
}

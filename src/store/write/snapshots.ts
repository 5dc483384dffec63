import type { StateValue } from '../../feed/state.ts'
import type { Client } from '../store.ts'

export type SnapshotRow = {
  readonly keyId: number
  readonly sequence: number
  readonly events: number
  readonly generation: number
  readonly time: string | null
  readonly state: StateValue
}

export async function insertSnapshots(client: Client, feed: number, rows: readonly SnapshotRow[]): Promise<void> {
  await client.query({
    name: 'insert-snapshots',
    text: `insert into groundstation.snapshot (feed, key_id, sequence, events, generation, time, state)
      select $1, s.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::text[], $7::jsonb[]) as s
      on conflict (feed, key_id, sequence) do update
        set events = excluded.events, generation = excluded.generation, time = excluded.time, state = excluded.state`,
    values: [
      feed,
      rows.map(row => row.keyId),
      rows.map(row => row.sequence),
      rows.map(row => row.events),
      rows.map(row => row.generation),
      rows.map(row => row.time),
      rows.map(row => JSON.stringify(row.state)),
    ],
  })
}

/** The nearest state before a number that this generation folded. */
export async function findSnapshot(
  client: { query: Client['query'] },
  feed: number,
  keyId: number,
  before: number,
  generation: number,
): Promise<SnapshotRow | undefined> {
  const { rows } = await client.query<SnapshotRow>({
    name: 'find-snapshot',
    text: `select key_id as "keyId", sequence, events, generation, time, state from groundstation.snapshot
      where feed = $1 and key_id = $2 and sequence < $3 and generation = $4 order by sequence desc limit 1`,
    values: [feed, keyId, before, generation],
  })
  return rows[0]
}

/** Snapshots at or above a number say what is no longer true once that number comes late. */
export async function dropSnapshots(client: Client, feed: number, keyId: number, from: number): Promise<void> {
  await client.query(
    'delete from groundstation.snapshot where feed = $1 and key_id = $2 and sequence >= $3 and not is_base',
    [feed, keyId, from],
  )
}

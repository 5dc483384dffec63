import type { Facts } from '../facts.ts'
import type { Client } from '../store.ts'

export type KeyName = { readonly id: number; readonly key: string; readonly events: number }

/** The next keys of a lane; no lock is taken. */
export async function nextKeys(
  client: Client,
  feed: number,
  lane: number,
  after: number,
  limit: number,
): Promise<KeyName[]> {
  const { rows } = await client.query<KeyName>({
    name: `replay-keys-${feed}`,
    text: `select id, key, events from groundstation.key_${feed} where lane = $1 and id > $2 order by id limit $3`,
    values: [lane, after, limit],
  })
  return rows
}

export async function countKeys(client: Client, feed: number): Promise<number> {
  const { rows } = await client.query<{ keys: number }>(
    'select coalesce(sum(keys), 0)::bigint as keys from groundstation.lane where feed = $1',
    [feed],
  )
  return rows[0]?.keys ?? 0
}

export type KeyNumbers = {
  readonly id: number
  readonly events: number
  readonly last: number
  /** Ranges that are on the record, as PostgreSQL prints a multirange. */
  readonly recorded: string | null
  /** Each number and when it arrived, in milliseconds. */
  readonly held: readonly (readonly [number: number, arrivedMs: number])[] | null
  readonly dismissed: string | null
  readonly waitingSinceMs: number | null
}

/** Which numbers of these keys are on the record, held, and dismissed. */
export async function loadNumbers(client: Client, feed: number, ids: readonly number[]): Promise<KeyNumbers[]> {
  const { rows } = await client.query<KeyNumbers>(
    `select k.id, coalesce(e.events, 0)::bigint as events, coalesce(e.last, 0)::bigint as last, e.recorded::text as recorded,
       h.held, d.dismissed::text as dismissed,
       (extract(epoch from k.waiting_since) * 1000)::double precision as "waitingSinceMs"
     from groundstation.key_${feed} k
     left join lateral (
       select count(*) as events, max(sequence) as last, range_agg(int8range(sequence, sequence, '[]')) as recorded
       from groundstation.event_${feed} where key_id = k.id) e on true
     left join lateral (
       select jsonb_agg(jsonb_build_array(sequence, extract(epoch from arrived) * 1000) order by sequence) as held
       from groundstation.held_event where feed = $1 and key_id = k.id) h on true
     left join lateral (
       select range_agg(int8range(sequence, sequence, '[]')) as dismissed from groundstation.dead_letter
       where feed = $1 and key = k.key and status = 'dismissed' and sequence is not null and reason not in ('conflict', 'fold')) d on true
     where k.id = any($2::bigint[])`,
    [feed, ids],
  )
  return rows
}

export type KeyEvent = {
  readonly keyId: number
  readonly sequence: number
  readonly lane: number
  readonly position: number
  readonly raw: string
  readonly facts: Facts | null
  readonly arrivedMicros: number
}

/** Events of these keys from after one place on, by key and number; a page. */
export async function loadEvents(
  client: Client,
  feed: number,
  ids: readonly number[],
  after: { readonly keyId: number; readonly sequence: number },
  limit: number,
): Promise<KeyEvent[]> {
  const { rows } = await client.query<KeyEvent>(
    `select key_id as "keyId", sequence, lane, position, raw, facts, (extract(epoch from coalesce(arrived, recorded)) * 1000000)::bigint as "arrivedMicros"
     from groundstation.event_${feed}
     where key_id = any($1::bigint[]) and (key_id, sequence) > ($2::bigint, $3::bigint) order by key_id, sequence limit $4`,
    [ids, after.keyId, after.sequence, limit],
  )
  return rows
}

/** Tells whether a refold changed snapshots or letters of these keys. */
export async function derivedDigest(
  client: Client,
  feed: number,
  ids: readonly number[],
  keys: readonly string[],
): Promise<string> {
  const { rows } = await client.query<{ digest: string }>(
    `select coalesce((select md5(string_agg(md5(s::text), '' order by key_id, sequence)) from groundstation.snapshot s where feed = $1 and key_id = any($2::bigint[])), '')
       || coalesce((select md5(string_agg(concat(id, status), ',' order by id)) from groundstation.dead_letter where feed = $1 and key = any($3::text[]) and reason = 'fold'), '') as digest`,
    [feed, ids, keys],
  )
  return rows[0]?.digest ?? ''
}

export async function deleteKeys(client: Client, feed: number, ids: readonly number[]): Promise<void> {
  await client.query('delete from groundstation.snapshot where feed = $1 and key_id = any($2::bigint[])', [feed, ids])
  await client.query(`delete from groundstation.key_${feed} where id = any($1::bigint[])`, [ids])
}

export type Orphan = { readonly id: number; readonly raw: string }

/** Keys that the record knows, or that hold events, and that have no row. */
export async function findOrphans(client: Client, feed: number, limit: number): Promise<Orphan[]> {
  const { rows } = await client.query<Orphan>(
    `select distinct on (e.key_id) e.key_id as id, e.raw from (
       select key_id, raw from groundstation.event_${feed} where key_id is not null
       union all select key_id, raw from groundstation.held_event where feed = $1) e
     where not exists (select from groundstation.key_${feed} k where k.id = e.key_id)
     order by e.key_id limit $2`,
    [feed, limit],
  )
  return rows
}

/** Deletes the snapshots of keys that are no more. */
export async function deleteStrays(client: Client, feed: number): Promise<void> {
  await client.query(
    `delete from groundstation.snapshot s where feed = $1 and not exists (select from groundstation.key_${feed} k where k.id = s.key_id)`,
    [feed],
  )
}

export type LaneEvent = Pick<KeyEvent, 'lane' | 'position' | 'raw' | 'facts' | 'arrivedMicros'>

/** Events of a lane, or of one key in it, from after a position up to another; a page. */
export async function loadLane(
  client: Client,
  feed: number,
  { lane, keyId, after, upTo }: { lane: number; keyId: number | undefined; after: number; upTo: number },
  limit: number,
): Promise<LaneEvent[]> {
  const { rows } = await client.query<LaneEvent>(
    `select lane, position, raw, facts, (extract(epoch from coalesce(arrived, recorded)) * 1000000)::bigint as "arrivedMicros"
     from groundstation.event_${feed}
     where lane = $1 and position > $2 and position <= $3 and ($4::bigint is null or key_id = $4) order by position limit $5`,
    [lane, after, upTo, keyId ?? null, limit],
  )
  return rows
}

import type { Client } from '../store.ts'

export type Place = { readonly lane: number; readonly position: number; readonly next: number | null }

/**
 * Places where a lane's positions don't follow one another up to the lane's own, and how many there are. `position` 0 is
 * the lane's beginning; `next` null its end.
 */
export async function findBreaks(
  client: Client,
  feed: number,
  limit: number,
): Promise<{ count: number; breaks: Place[] }> {
  const { rows } = await client.query<Place & { count: number }>(
    `with places as (
       select lane, position from groundstation.event_${feed}
       union all select lane, 0 from groundstation.lane where feed = ${feed}
       union all select lane, position + 1 from groundstation.lane where feed = ${feed}
     ), steps as (
       select lane, position, lead(position) over (partition by lane order by position) as next from places
     ), ends as (
       select s.lane, s.position, s.next, l.position as last from steps s
       left join groundstation.lane l on l.feed = ${feed} and l.lane = s.lane
     )
     select lane, position, next, count(*) over () as count from ends
     where last is null or next <> position + 1 or (next is null and position <> last + 1) order by lane, position limit $1`,
    [limit],
  )
  return { count: rows[0]?.count ?? 0, breaks: rows }
}

export type Twice = { readonly source: string; readonly offset: number; readonly times: number }

/** Offsets of a log that are on the record more than once, or that the log hasn't reached. */
export async function findOffsets(client: Client, feed: number): Promise<Twice[]> {
  const { rows } = await client.query<Twice>(
    `select coalesce(s.name, e.source::text) as source, e.source_offset as "offset", count(*) as times
     from groundstation.event_${feed} e left join groundstation.source s on s.id = e.source
     where e.source is not null group by s.name, s.next_offset, e.source, e.source_offset
     having count(*) > 1 or e.source_offset >= coalesce(s.next_offset, 0) limit 1000`,
  )
  return rows
}

/** Events of a feed with keys that have none, and lanes that have given out fewer ids than there are. */
export async function findStrays(client: Client, feed: number): Promise<{ keyless: number; lanes: number[] }> {
  const events = await client.query<{ count: number }>(
    `select count(*) as count from groundstation.event_${feed} where key_id is null`,
  )
  const lanes = await client.query<{ lane: number }>(
    `select k.lane from groundstation.key_${feed} k
     join groundstation.feed f on f.id = ${feed} join groundstation.lane l on l.feed = ${feed} and l.lane = k.lane
     group by k.lane, l.keys, f.lanes having max(k.id) / f.lanes >= l.keys`,
  )
  return { keyless: events.rows[0]?.count ?? 0, lanes: lanes.rows.map(row => row.lane) }
}

export async function countRecord(client: Client, feed: number): Promise<number> {
  const { rows } = await client.query<{ events: number }>(
    'select coalesce(sum(position), 0)::bigint as events from groundstation.lane where feed = $1',
    [feed],
  )
  return rows[0]?.events ?? 0
}

/** What didn't get onto the record, or not yet: no difference, and not nothing either. */
export type Missing = {
  /** Events that wait for a number before theirs. */
  readonly held: number
  readonly openGaps: number
  /** Gaps that nobody waits for any longer. */
  readonly releasedGaps: number
  readonly openDeadLetters: number
}

export async function countMissing(client: Client, { id, name }: { id: number; name: string }): Promise<Missing> {
  const { rows } = await client.query<Missing>(
    `select (select count(*) from groundstation.held_event where feed = $1) as held,
       count(*) filter (where status = 'open') as "openGaps",
       count(*) filter (where status = 'released') as "releasedGaps",
       (select count(*) from groundstation.dead_letter where feed = $1 and status = 'open') as "openDeadLetters"
     from groundstation.gaps where feed = $2`,
    [id, name],
  )
  return rows[0] ?? NOTHING_MISSING
}

export const NOTHING_MISSING: Missing = { held: 0, openGaps: 0, releasedGaps: 0, openDeadLetters: 0 }

/** One look at everything, however long it takes, whatever is written meanwhile. */
export const BEGIN_LOOK = `begin isolation level repeatable read; set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0; set local cursor_tuple_fraction = 1`

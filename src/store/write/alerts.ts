import { ALERTS_CHANNEL } from '../listen.ts'
import type { Client, Query } from '../store.ts'

export type AlertRow = {
  readonly rule: string
  readonly key: string | null
  readonly data: string
  /** The topic that it is for; null where it is for none. */
  readonly topic: string | null
}

/**
 * Appends to a stream. Its counter stays locked until the commit, so that ids have no gaps, and what is seen of a stream is
 * always its beginning. Who listens is told at the commit.
 */
export async function insertAlerts(
  client: Client,
  feed: number,
  stream: string,
  rows: readonly AlertRow[],
): Promise<void> {
  await client.query({
    name: 'insert-alerts',
    text: `with counted as (
        insert into groundstation.stream as s (path, last_id) values ($2, cardinality($3::text[]))
        on conflict (path) do update set last_id = s.last_id + excluded.last_id
        returning last_id - cardinality($3::text[]) as base),
      inserted as (
        insert into groundstation.alert (stream, id, feed, rule, key, data, topic)
        select $2, base + a.number, $1, a.rule, a.key, a.data, a.topic
        from counted, unnest($3::text[], $4::text[], $5::text[], $6::text[])
          with ordinality as a (rule, key, data, topic, number))
      select pg_notify('${ALERTS_CHANNEL}', $2) from counted`,
    values: [
      feed,
      stream,
      rows.map(row => row.rule),
      rows.map(row => row.key),
      rows.map(row => row.data),
      rows.map(row => row.topic),
    ],
  })
}

/** How long a stream's alerts are kept: those of the feeds named, and those of all others. */
export type Keep = { readonly feeds: readonly string[]; readonly ms: number; readonly othersMs: number }

/** So many are looked at where nothing may be old; more, where all of them were. */
const FIRST_LOOK = 16
const MORE = 8

/**
 * Forgets a stream's beginning, as far as it is older than its rules keep, and no output has still to deliver it; so many
 * alerts at most. What is read is little more than what is forgotten: it is asked every second.
 */
export async function forgetAlerts(query: Query, stream: string, keep: Keep, limit: number): Promise<void> {
  let left = limit
  for (let look = Math.min(FIRST_LOOK, left); look > 0; look = Math.min(look * MORE, left)) {
    const forgotten = await forgetFirst(query, stream, keep, look)
    if (forgotten < look) return
    left -= forgotten
  }
}

/** Of so many alerts at the front, those that are old; how many they were. */
async function forgetFirst(query: Query, stream: string, keep: Keep, look: number): Promise<number> {
  const { rows } = await query(
    `with forgotten as (delete from groundstation.alert where stream = $1 and id in (
      select id from (
        select id, bool_and(raised < now() - keep_ms * interval '1 millisecond' and not is_waited_for) over (order by id) as is_old
        from (
          select id, raised, case when feed = any(array(select f.id from groundstation.feed f where f.name = any($4::text[])))
            then $2::bigint else $5::bigint end as keep_ms, exists (
            select from groundstation.output o
            where o.feed = a.feed and o.stream = a.stream and o.target = a.topic and o.last_id < a.id) as is_waited_for
          from groundstation.alert a where stream = $1 order by id limit $3) as first) as front
      where is_old) returning 1)
    select count(*) as count from forgotten`,
    [stream, keep.ms, look, keep.feeds, keep.othersMs],
    'forget-alerts',
  )
  return Number(rows[0]?.count ?? 0)
}

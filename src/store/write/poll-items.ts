import type { Query } from '../store.ts'

/** A run saw these keys. One that lost its lease can only say that they were there, which nothing is made of. */
export async function sawItems(query: Query, feed: number, run: number, keys: readonly string[]): Promise<void> {
  await query(
    `insert into groundstation.poll_item as i (feed, key, run) select distinct $1::smallint, k, $2::bigint from unnest($3::text[]) as k order by k
     on conflict (feed, key) do update set run = greatest(i.run, excluded.run) where i.run < excluded.run`,
    [feed, run, keys],
  )
}

/** A run was told that all is as an earlier one saw it. */
export async function sawSameItems(query: Query, feed: number, run: number, as: number): Promise<void> {
  await query('update groundstation.poll_item set run = $2 where feed = $1 and run = $3', [feed, run, as])
}

export async function countItems(query: Query, feed: number, run: number): Promise<number> {
  const { rows } = await query('select count(*) as count from groundstation.poll_item where feed = $1 and run = $2', [
    feed,
    run,
  ])
  return Number(rows[0]?.count)
}

export type MissingItem = { readonly key: string; readonly raw: string }

/** Keys that no run has seen since, each with its latest version. */
export async function missingItems(query: Query, feed: number, since: number, limit: number): Promise<MissingItem[]> {
  const { rows } = await query(
    `select i.key, e.raw from groundstation.poll_item i
     join groundstation.key k on k.feed = i.feed and k.key = i.key
     join groundstation.event e on e.feed = k.feed and e.key_id = k.id and e.sequence = k.frontier
     where i.feed = $1 and i.run < $2 order by i.key limit $3`,
    [feed, since, limit],
  )
  return rows as MissingItem[]
}

/** Forgets what is settled: these keys, or without any those that were never on the record. */
export async function forgetItems(query: Query, feed: number, since: number, keys?: readonly string[]): Promise<void> {
  await query(
    'delete from groundstation.poll_item where feed = $1 and run < $2 and ($3::text[] is null or key = any($3::text[]))',
    [feed, since, keys ?? null],
  )
}

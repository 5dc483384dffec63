import type { Query } from './query.ts'

export type FeedCounts = {
  readonly events: number
  readonly keys: number
  readonly held: number
  readonly openGaps: number
  readonly releasedGaps: number
  readonly missingNumbers: number
  readonly skipped: number
  readonly openDeadLetters: number
}

/**
 * The ranges that a key waits for, as the view `gaps` has them: what lies between the frontier and the last number held, but for what
 * is held or voided. Only keys that wait are looked at, by their index.
 */
const OPEN_GAPS = `select k.feed, sum(o.ranges) as count
  from groundstation.key k cross join lateral (
    select count(*) as ranges from (
      select unnest(int8multirange(int8range(k.frontier + 1, max(s.to_number) filter (where s.name = 'held'), '[]')) - range_agg(int8range(s.from_number, s.to_number, '[]')))
      from (
        select kind.name, (r ->> 0)::bigint as from_number, (r ->> 1)::bigint as to_number
        from (values ('held'), ('voided')) as kind (name) cross join lateral jsonb_array_elements(k.spans -> kind.name) as r
        where (r ->> 0)::bigint > k.frontier) as s) as holes) as o
  where k.waiting_since is not null group by k.feed`

/** What is there of each feed, by name. */
export async function countFeeds(query: Query): Promise<Map<string, FeedCounts>> {
  const { rows } = await query(
    `select f.feed, f.events::bigint as events, f.keys::bigint as keys, coalesce(h.count, 0) as held,
       coalesce(g.count, 0)::bigint as gaps, coalesce(d.count, 0) as letters,
       coalesce(m.gaps, 0)::bigint as released, coalesce(m.numbers, 0)::bigint as missing, coalesce(s.count, 0) as skipped
     from groundstation.feeds f
     join groundstation.feed i on i.name = f.feed
     left join (select feed, count(*) from groundstation.held_event group by feed) h on h.feed = i.id
     left join (${OPEN_GAPS}) g on g.feed = i.id
     left join (select feed, sum(released_gaps) as gaps, sum(missing_numbers) as numbers
       from groundstation.key where released_gaps is not null group by feed) m on m.feed = i.id
     left join (select feed, count(*) from groundstation.dead_letter where reason = 'fold' and status = 'open' group by feed) s on s.feed = i.id
     left join (select feed, count(*) from groundstation.dead_letter where status = 'open' group by feed) d on d.feed = i.id`,
    [],
  )
  return new Map(
    rows.map(row => [
      String(row.feed),
      {
        events: Number(row.events),
        keys: Number(row.keys),
        held: Number(row.held),
        openGaps: Number(row.gaps),
        releasedGaps: Number(row.released),
        missingNumbers: Number(row.missing),
        skipped: Number(row.skipped),
        openDeadLetters: Number(row.letters),
      },
    ]),
  )
}

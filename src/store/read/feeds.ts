import type { Query } from './query.ts'

export type FeedCounts = {
  readonly events: number
  readonly keys: number
  readonly held: number
  readonly openGaps: number
  readonly openDeadLetters: number
}

/** What is there of each feed, by name. */
export async function countFeeds(query: Query): Promise<Map<string, FeedCounts>> {
  const { rows } = await query(
    `select f.feed, f.events::bigint as events, f.keys::bigint as keys, coalesce(h.count, 0) as held,
       coalesce(g.count, 0) as gaps, coalesce(d.count, 0) as letters
     from groundstation.feeds f
     join groundstation.feed i on i.name = f.feed
     left join (select feed, count(*) from groundstation.held_event group by feed) h on h.feed = i.id
     left join (select feed, count(*) from groundstation.gaps where status = 'open' group by feed) g on g.feed = f.feed
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
        openDeadLetters: Number(row.letters),
      },
    ]),
  )
}

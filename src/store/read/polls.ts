import { type Query, rfc3339 } from './query.ts'

/** What came of a feed's last poll; `ms` is null while it runs. */
export type LastPoll = {
  readonly run: number
  readonly startedAt: string
  readonly ms: number | null
  readonly requests: number
  readonly new: number
  readonly changed: number
  readonly unchanged: number
  readonly rejected: number
  readonly gone: number
  /** Of those that changed, items whose key came already in their page, with other content. */
  readonly shared: number
  readonly isComplete: boolean
  /** Why it ended before its end. */
  readonly error: string | null
  /** Until when the API asked to be left alone; null where it didn't. */
  readonly notBefore: string | null
  /** How long that is yet, in milliseconds; 0 where it is over. */
  readonly restMs: number
  /** How long ago, in milliseconds, the last began that was complete; null where none was. */
  readonly completeAgoMs: number | null
}

/** By feed. Of a poll that runs what is known of it is what its end says: nothing yet. */
export async function lastPolls(query: Query): Promise<Map<string, LastPoll>> {
  const { rows } = await query(
    `select r.feed, r.run, ${rfc3339('r.started_at')} as "startedAt", r.ms, r.requests, r.new, r.changed, r.unchanged, r.rejected, r.gone, r.shared,
       r.is_complete as "isComplete", r.error,
       ${rfc3339('p.not_before')} as "notBefore",
       coalesce(greatest(0, extract(epoch from p.not_before - clock_timestamp()) * 1000), 0)::double precision as "restMs",
       (select extract(epoch from clock_timestamp() - c.started_at) * 1000 from groundstation.poll_run c
        where c.feed = r.feed and c.is_complete order by c.run desc limit 1)::double precision as "completeAgoMs"
     from groundstation.poll p join groundstation.feed f on f.id = p.feed
     join groundstation.poll_run r on r.feed = f.name and r.run = p.run`,
    [],
  )
  return new Map(rows.map(({ feed, ...row }) => [String(feed), row as LastPoll]))
}

import type { StoredAlert } from './alerts.ts'
import type { Query } from './query.ts'

export type StoredOutput = {
  readonly feed: string
  readonly stream: string
  readonly kind: string
  readonly target: string
  readonly lastId: number
  /** Alerts that it has still to deliver; LAG_MAX stands for as many or more. */
  readonly lag: number
  /** How long the first of them has waited; 0 where there is none. */
  readonly behindMs: number
  readonly isHeld: boolean
  readonly problem: string | null
}

const WAITING = 'a.stream = o.stream and a.feed = o.feed and a.topic = o.target and a.id > o.last_id'

/** Days without the other end leave millions: more than so many are not counted, whenever somebody looks. */
export const LAG_MAX = 100_000

/** Every output that was ever started, with how far behind it is. */
export async function listOutputs(query: Query, lagMax = LAG_MAX): Promise<StoredOutput[]> {
  const { rows } = await query(
    `select f.name as feed, o.stream, o.kind, o.target, o.last_id as "lastId",
       (select count(*) from (select from groundstation.alert a where ${WAITING} limit $1) as waiting) as lag,
       coalesce((
         select (extract(epoch from clock_timestamp() - a.raised) * 1000)::double precision
         from groundstation.alert a where ${WAITING} order by a.id limit 1), 0) as "behindMs",
       coalesce(o.held_until > clock_timestamp(), false) as "isHeld", o.problem
     from groundstation.output o join groundstation.feed f on f.id = o.feed
     order by f.name, o.stream, o.kind, o.target`,
    [lagMax],
    'list-outputs',
  )
  return rows as StoredOutput[]
}

/** What a feed's outputs of one kind have still to deliver to targets, by stream and target. */
export async function listWaiting(
  query: Query,
  feed: string,
  kind: string,
): Promise<{ readonly stream: string; readonly target: string }[]> {
  const { rows } = await query(
    `select o.stream, o.target from groundstation.output o join groundstation.feed f on f.id = o.feed
     where f.name = $1 and o.kind = $2 and exists (select from groundstation.alert a where ${WAITING})`,
    [feed, kind],
  )
  return rows as { stream: string; target: string }[]
}

export type PageLimits = { readonly alerts: number; readonly bytes: number }

export type ForTopic = { readonly feed: string; readonly stream: string; readonly topic: string }

/** `next`: everything up to it is among the alerts, or isn't for that topic. */
export type TopicPage = { readonly alerts: readonly StoredAlert[]; readonly next: number }

/** What of a stream is for a topic, after an id, in order: so many and so many bytes at most, but one in any case. */
export async function listForTopic(
  query: Query,
  { feed, stream, topic }: ForTopic,
  after: number,
  limits: PageLimits,
): Promise<TopicPage> {
  const found = await query('select last_id from groundstation.stream where path = $1', [stream], 'stream-end')
  const end = Number(found.rows[0]?.last_id ?? 0)
  if (end <= after) return { alerts: [], next: after }
  const { rows } = await query(
    `select id, rule, key, data, count from (
       select *, sum(octet_length(data)) over (order by id) as bytes, row_number() over (order by id) as number,
         count(*) over () as count
       from (
         select id, rule, key, data from groundstation.alert
         where stream = $1 and id > $2 and id <= $3 and topic = $4
           and feed = (select id from groundstation.feed where name = $5)
         order by id limit $6) as page
     ) as sized where bytes <= $7 or number = 1 order by id`,
    [stream, after, end, topic, feed, limits.alerts, limits.bytes],
    'list-for-topic',
  )
  const alerts = rows as (StoredAlert & { readonly count: number })[]
  const count = alerts[0]?.count ?? 0
  const isAll = count === alerts.length && count < limits.alerts
  return { alerts, next: isAll ? end : (alerts.at(-1)?.id ?? end) }
}

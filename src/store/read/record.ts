import { FEED_ID, PAGE_BYTES_MAX, type Page, type Query, type Row, rfc3339 } from './query.ts'

export type RecordedEvent = {
  readonly key: string | null
  readonly sequence: number | null
  readonly lane: number
  readonly position: number
  readonly arrived: string
  readonly recorded: string
  /** JSON text. */
  readonly facts: string | null
  /** The event as it was posted. */
  readonly raw: string
}

const columns = (key: string) => `${key} as key, nullif(e.sequence, 0) as sequence, e.lane, e.position,
  ${rfc3339('coalesce(e.arrived, e.recorded)')} as arrived, ${rfc3339('e.recorded')} as recorded, e.facts::text as facts`

/**
 * Rows up to the first that goes over the page's bytes; the first comes however large it is. The sizes are known without
 * reading what they are of, so neither the server nor we ever hold more.
 */
const bounded = (rows: string, order: string, limit: string) =>
  `select key, sequence, lane, position, arrived, recorded, facts, case when before < ${PAGE_BYTES_MAX} then body end as raw from (
     select *, sum(size) over (order by ${order}) - size as before from (${rows} order by ${order} limit ${limit}) as page
   ) as sized order by ${order}`

/** A key's events in their order, from a number on. */
export async function listKeyRecord(
  query: Query,
  { feed, key, from, limit }: { feed: string; key: string; from: number; limit: number },
): Promise<Page<RecordedEvent>> {
  const { rows } = await query(
    bounded(
      `select ${columns('k.key')}, octet_length(e.raw) as size, e.raw as body
       from groundstation.key k join groundstation.event e on e.feed = k.feed and e.key_id = k.id
       where k.feed = ${FEED_ID} and k.key = $2 and e.feed = ${FEED_ID} and e.sequence >= $3`,
      'sequence',
      '$4',
    ),
    [feed, key, from, limit + 1],
  )
  return pageOfRecord(rows, limit)
}

/** All of a feed's events, lane by lane, each in the order in which they were applied. */
export async function listRecord(
  query: Query,
  { feed, after, limit }: { feed: string; after: { lane: number; position: number } | undefined; limit: number },
): Promise<Page<RecordedEvent>> {
  const { rows } = await query(
    bounded(
      `select ${columns('(select k.key from groundstation.key k where k.feed = e.feed and k.id = e.key_id)')},
         octet_length(e.raw) as size, e.raw as body
       from groundstation.event e where e.feed = ${FEED_ID} and (e.lane, e.position) > ($2::smallint, $3::bigint)`,
      'lane, position',
      '$4',
    ),
    [feed, after?.lane ?? -1, after?.position ?? 0, limit + 1],
  )
  return pageOfRecord(rows, limit)
}

function pageOfRecord(rows: readonly Row[], limit: number): Page<RecordedEvent> {
  const large = rows.findIndex(row => row.raw === null)
  const end = Math.min(limit, large === -1 ? rows.length : large)
  return { items: rows.slice(0, end).map(eventOf), hasMore: rows.length > end }
}

const eventOf = (row: Row): RecordedEvent => ({
  key: row.key as string | null,
  sequence: row.sequence as number | null,
  lane: Number(row.lane),
  position: Number(row.position),
  arrived: String(row.arrived),
  recorded: String(row.recorded),
  facts: row.facts as string | null,
  raw: String(row.raw),
})

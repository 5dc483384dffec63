import type { Query } from './query.ts'

export type StoredAlert = {
  readonly id: number
  readonly rule: string
  readonly key: string | null
  readonly data: string
}

/** What goes out together. Less than a page of a list has: it waits in memory for a client that reads slowly, and there may be thousands. */
export const ALERTS_BYTES_MAX = 1024 * 1024

/** `first`: the lowest id that is still there, the next one where none is. */
export type StreamBounds = { readonly first: number; readonly last: number }

export async function findStream(query: Query, path: string): Promise<StreamBounds> {
  const { rows } = await query(
    `select s.last_id as last, coalesce((select min(id) from groundstation.alert where stream = $1), s.last_id + 1) as first
     from groundstation.stream s where s.path = $1`,
    [path],
    'find-stream',
  )
  return (rows[0] as StreamBounds | undefined) ?? { first: 1, last: 0 }
}

/** What follows an id, in order: so many at most, and no more bytes than go out together, but one alert in any case. */
export async function listAlerts(query: Query, path: string, after: number, limit: number): Promise<StoredAlert[]> {
  const { rows } = await query(
    `select id, rule, key, data from (
       select *, sum(octet_length(data)) over (order by id) - octet_length(data) as before
       from (select id, rule, key, data from groundstation.alert where stream = $1 and id > $2 order by id limit $3) as page
     ) as sized where before < ${ALERTS_BYTES_MAX} order by id`,
    [path, after, limit],
    'list-alerts',
  )
  return rows as StoredAlert[]
}

import { FEED_ID, type Page, pageOf, type Query, rfc3339 } from './query.ts'

export type HeldEvent = {
  readonly key: string
  readonly sequence: number
  readonly waitingFor: number
  readonly since: string
}

export type HeldPage = {
  readonly feed: string
  readonly key: string | undefined
  readonly after: { readonly key: string; readonly sequence: number } | undefined
  readonly limit: number
}

/** Events that wait for a number before theirs, by key and number. */
export async function listHeld(query: Query, { feed, key, after, limit }: HeldPage): Promise<Page<HeldEvent>> {
  const { rows } = await query(
    `select k.key, h.sequence, k.frontier + 1 as "waitingFor", ${rfc3339('h.arrived')} as since
     from groundstation.held_event h join groundstation.key k on k.feed = h.feed and k.id = h.key_id
     where h.feed = ${FEED_ID} and k.feed = ${FEED_ID} and ($2::text is null or k.key = $2)
       and ($3::text is null or (k.key, h.sequence) > ($3, $4::bigint))
     order by k.key, h.sequence limit $5`,
    [feed, key ?? null, after?.key ?? null, after?.sequence ?? null, limit + 1],
  )
  return pageOf(rows as HeldEvent[], limit)
}

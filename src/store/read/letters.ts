import { FEED_ID, PAGE_BYTES_MAX, type Page, type Query, rfc3339 } from './query.ts'

export const LETTER_STATUSES = ['open', 'replayed', 'dismissed'] as const
export type LetterStatus = (typeof LETTER_STATUSES)[number]

export type DeadLetter = {
  readonly id: number
  readonly reason: string
  readonly message: string
  readonly pointer: string
  readonly key: string | null
  readonly sequence: number | null
  readonly source: unknown
  readonly count: number
  readonly firstAt: string
  readonly lastAt: string
  readonly status: LetterStatus
  readonly raw: Buffer
}

export type LettersPage = {
  readonly feed: string
  readonly key: string | undefined
  readonly status: LetterStatus | undefined
  readonly after: number | undefined
  readonly limit: number
}

const COLUMNS = `id, reason, message, pointer, key, sequence, source, count, ${rfc3339('first_at')} as "firstAt",
  ${rfc3339('last_at')} as "lastAt", status`

/** Dead letters, the oldest first, as many as are asked for and fit a page. */
export async function listLetters(
  query: Query,
  { feed, key, status, after, limit }: LettersPage,
): Promise<Page<DeadLetter>> {
  const { rows } = await query(
    `select id, reason, message, pointer, key, sequence, source, count, "firstAt", "lastAt", status,
       case when before < ${PAGE_BYTES_MAX} then body end as raw from (
       select *, sum(size) over (order by id) - size as before from (
         select ${COLUMNS}, octet_length(raw) as size, raw as body from groundstation.dead_letter
         where feed = ${FEED_ID} and ($2::text is null or key = $2) and ($3::text is null or status = $3) and id > $4
         order by id limit $5) as page
     ) as sized order by id`,
    [feed, key ?? null, status ?? null, after ?? 0, limit + 1],
  )
  const large = rows.findIndex(row => row.raw === null)
  const end = Math.min(limit, large === -1 ? rows.length : large)
  return { items: rows.slice(0, end) as DeadLetter[], hasMore: rows.length > end }
}

export async function findLetter(query: Query, feed: string, id: number): Promise<DeadLetter | undefined> {
  const { rows } = await query(
    `select ${COLUMNS}, raw from groundstation.dead_letter where feed = ${FEED_ID} and id = $2`,
    [feed, id],
  )
  return rows[0] === undefined ? undefined : (rows[0] as DeadLetter)
}

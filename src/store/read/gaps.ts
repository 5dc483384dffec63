import { type Page, pageOf, type Query, rfc3339 } from './query.ts'

export const GAP_STATUSES = ['open', 'released', 'healed', 'voided'] as const
export type GapStatus = (typeof GAP_STATUSES)[number]

export type Gap = {
  readonly key: string
  readonly from: number
  readonly to: number
  readonly since: string
  readonly status: GapStatus
  readonly deadLetter: number | null
}

export type GapsPage = {
  readonly feed: string
  readonly key: string | undefined
  readonly status: GapStatus | undefined
  readonly after: (Omit<Gap, 'status' | 'deadLetter'> & { readonly status: string }) | undefined
  readonly limit: number
}

/** Numbers that are or were missing, by key and number. */
export async function listGaps(query: Query, { feed, key, status, after, limit }: GapsPage): Promise<Page<Gap>> {
  const { rows } = await query(
    `select key, from_number as "from", to_number as "to", since, status, dead_letter as "deadLetter" from (
       select key, from_number, to_number, ${rfc3339('since')} as since, status, dead_letter
       from groundstation.gaps
       where feed = $1 and ($2::text is null or key = $2) and ($3::text is null or status = $3)
     ) as gap
     where $4::text is null or (key, from_number, to_number, status collate "C", since collate "C") > ($4, $5::bigint, $6::bigint, $7, $8)
     order by key, from_number, to_number, status collate "C", since collate "C" limit $9`,
    [
      feed,
      key ?? null,
      status ?? null,
      after?.key ?? null,
      after?.from ?? null,
      after?.to ?? null,
      after?.status ?? null,
      after?.since ?? null,
      limit + 1,
    ],
  )
  return pageOf(rows as Gap[], limit)
}

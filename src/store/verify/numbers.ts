import type { Client } from '../store.ts'

/** A natural key's number, as an event on the record has it. */
export type SaidNumber = { readonly series: string; readonly key: string; readonly number: number }

/** Those of them that the series have otherwise, or not at all: then `kept` is null. */
export async function findOtherNumbers(
  client: Client,
  said: readonly SaidNumber[],
): Promise<(SaidNumber & { readonly kept: number | null })[]> {
  const { rows } = await client.query<SaidNumber & { readonly kept: number | null }>({
    name: 'find-other-numbers',
    text: `select s.series, s.key, s.number, n.number as kept
      from unnest($1::text[], $2::text[], $3::integer[]) as s (series, key, number)
      left join groundstation.number n on n.series = s.series and n.key = s.key
      where n.number is distinct from s.number`,
    values: [said.map(one => one.series), said.map(one => one.key), said.map(one => one.number)],
  })
  return rows
}

export type BehindSeries = { readonly series: string; readonly last: number; readonly given: number }

/** Series that would give a number again. */
export async function findBehindSeries(client: Client, series: readonly string[]): Promise<BehindSeries[]> {
  const { rows } = await client.query<BehindSeries>(
    `select s.series, s.last, max(n.number) as given
     from groundstation.number_series s join groundstation.number n on n.series = s.series
     where s.series = any($1::text[]) group by s.series, s.last having max(n.number) > s.last`,
    [series],
  )
  return rows
}

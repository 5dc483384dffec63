import type { Client } from '../store.ts'

type Numbered = { readonly key: string; readonly number: number }

/** The numbers of natural keys; those that are mentioned first get theirs. They are the next transaction's once this one commits. */
export async function numbersIn(client: Client, series: string, keys: readonly string[]): Promise<Map<string, number>> {
  const known = await find(client, series, keys)
  const unknown = keys.filter(key => !known.has(key))
  if (unknown.length === 0) return known
  await client.query('insert into groundstation.number_series (series) values ($1) on conflict do nothing', [series])
  const { rows } = await client.query<{ last: number }>(
    'select last from groundstation.number_series where series = $1 for update',
    [series],
  )
  // Whoever held the series until now may have given some of them.
  for (const [key, number] of await find(client, series, unknown)) known.set(key, number)
  const fresh = unknown.filter(key => !known.has(key))
  const last = rows[0]?.last ?? 0
  for (const [index, key] of fresh.entries()) known.set(key, last + index + 1)
  if (fresh.length > 0) await insert(client, series, fresh, last)
  return known
}

async function find(client: Client, series: string, keys: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await client.query<Numbered>({
    name: 'find-numbers',
    text: 'select key, number from groundstation.number where series = $1 and key = any($2::text[])',
    values: [series, keys],
  })
  return new Map(rows.map(({ key, number }) => [key, number]))
}

async function insert(client: Client, series: string, keys: readonly string[], last: number): Promise<void> {
  await client.query(
    `with given as (insert into groundstation.number (series, key, number)
       select $1, key, $3::integer + place from unnest($2::text[]) with ordinality as fresh (key, place))
     update groundstation.number_series set last = $3::integer + $4::integer where series = $1`,
    [series, keys, last, keys.length],
  )
}

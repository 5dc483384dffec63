import { finished } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import type { CompiledTable } from '../../feed/table.ts'
import { qualified, quote, SQL_TYPES } from '../names.ts'
import type { Client, Row } from '../store.ts'

/**
 * A table and what it should hold, side by side as bags of rows: two temporary tables of the same columns. Names with a $
 * are ours; a feed's columns have none.
 */
export type Comparison = {
  /** What is compared: a table's name, or a query in parentheses. */
  readonly real: string
  /** Quoted, with their SQL types. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Quoted; rows with the same of these are one row that was changed. */
  readonly key: readonly string[]
  readonly expected: string
  readonly different: string
}

export function comparisonOf(table: CompiledTable, index: number): Comparison {
  return {
    real: qualified(table),
    columns: table.columns.map(({ name, type }) => ({ name: quote(name), type: SQL_TYPES[type] })),
    key: table.key.map(quote),
    expected: `pg_temp."$expected_${index}"`,
    different: `pg_temp."$different_${index}"`,
  }
}

const list = (columns: Comparison['columns']): string => columns.map(column => column.name).join(', ')

export async function makeComparison(client: Client, { columns, expected, different }: Comparison): Promise<void> {
  const declared = columns.map(column => `${column.name} ${column.type}`).join(', ')
  await client.query(`drop table if exists ${expected}, ${different};
    create temporary table ${expected} (${declared}) on commit delete rows;
    create temporary table ${different} (${declared}, "$missing" bigint, "$hash" bigint) on commit delete rows`)
}

export const dropComparison = (client: Client, { expected, different }: Comparison): Promise<unknown> =>
  client.query(`drop table if exists ${expected}, ${different}`)

/** Lines in COPY's text format. */
export async function copyLines(client: Client, { expected }: Comparison, lines: string): Promise<void> {
  const stream = client.query(from(`copy ${expected} from stdin`))
  stream.end(lines)
  await finished(stream)
}

/** Finds what differs; `where` narrows the real table. Returns how many rows are to insert and to delete. */
export async function compare(
  client: Client,
  comparison: Comparison,
  where = 'true',
  values: unknown[] = [],
): Promise<Counts> {
  const { columns, expected, different, real } = comparison
  const names = list(columns)
  await client.query(
    `insert into ${different} select ${names}, sum("$side"), hash_record_extended(row(${names}), 0)
     from (select ${names}, 1 as "$side" from ${expected} union all select ${names}, -1 from ${real} as "$real" where ${where}) as both_sides
     group by ${names} having sum("$side") <> 0`,
    values,
  )
  const { rows } = await client.query<Counts>(
    `select coalesce(sum("$missing") filter (where "$missing" > 0), 0)::bigint as missing,
       coalesce(-sum("$missing") filter (where "$missing" < 0), 0)::bigint as surplus from ${different}`,
  )
  return rows[0] ?? { missing: 0, surplus: 0 }
}

export type Counts = { readonly missing: number; readonly surplus: number }
export type DifferentRow = { readonly missing: number; readonly row: Row }

/** The first of what differs, the two sides of a changed row beside each other, and how many rows are concerned. */
export async function readDifferences(
  client: Client,
  { key, different }: Comparison,
  limit: number,
): Promise<{ count: number; rows: DifferentRow[] }> {
  const counted =
    key.length === 0
      ? `select coalesce(sum(abs("$missing")), 0)::bigint as count from ${different}`
      : `select count(*) as count from (select from ${different} group by ${key.join(', ')}) as concerned`
  const total = await client.query<{ count: number }>(counted)
  const order = [...key, '"$missing"'].join(', ')
  const { rows } = await client.query<DifferentRow>(
    `select "$missing" as missing, to_jsonb(d) - '$missing' - '$hash' as row from ${different} d order by ${order} limit $1`,
    [limit * 2],
  )
  return { count: total.rows[0]?.count ?? 0, rows }
}

/** Leaves out what is missing altogether, of a table from which rows are forgotten on purpose; not what is otherwise. */
export async function allowMissing(client: Client, { key, different }: Comparison): Promise<void> {
  const same = key.map(name => `s.${name} is not distinct from d.${name}`).join(' and ')
  await client.query(
    `delete from ${different} d where "$missing" > 0
       and not exists (select from ${different} s where s."$missing" < 0 and ${same})`,
  )
}

/** Makes the real table what it should be, touching nothing that is. */
export async function settle(
  client: Client,
  { real, columns, different }: Comparison,
  where = 'true',
  values: unknown[] = [],
): Promise<void> {
  const names = list(columns)
  const same = columns.map(({ name }) => `r.${name} is not distinct from d.${name}`).join(' and ')
  await client.query(
    `delete from ${real} as t using (
       select r."$place", r."$table" from (
         select ctid as "$place", tableoid as "$table", ${names}, hash_record_extended(row(${names}), 0) as "$hash",
           row_number() over (partition by ${names}) as "$nth" from ${real} as "$real"
         where ${where} and hash_record_extended(row(${names}), 0) in (select "$hash" from ${different} where "$missing" < 0)
       ) as r join ${different} d on d."$hash" = r."$hash" and r."$nth" <= -d."$missing" and ${same}
     ) as surplus where t.ctid = surplus."$place" and t.tableoid = surplus."$table"`,
    values,
  )
  await client.query(
    `insert into ${real} (${names}) select ${names} from ${different} cross join generate_series(1, "$missing") where "$missing" > 0`,
  )
}

export async function tableExists(client: Client, table: CompiledTable): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    qualified(table),
  ])
  return rows[0]?.exists === true
}

/** With a table that isn't there, as it is for a dry run before its feed first starts, standing empty. */
export async function existing(client: Client, table: CompiledTable, comparison: Comparison): Promise<Comparison> {
  if (await tableExists(client, table)) return comparison
  return { ...comparison, real: `(select ${list(comparison.columns)} from ${comparison.expected} where false)` }
}

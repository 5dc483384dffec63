import type { CompiledColumn, CompiledTable } from '../../feed/table.ts'
import { ArrayWriter, type BinaryWriter, CopyWriter, writeValue } from '../binary.ts'
import { qualified, quote, SQL_TYPES, serialName } from '../names.ts'
import type { Client } from '../store.ts'
import { copyIn } from './copy.ts'
import { POSTGRES_EPOCH_MICROS } from './events.ts'

/** What a table's row is made of. */
export type RowSource = {
  readonly event: unknown
  readonly raw: Uint8Array
  readonly facts: Readonly<Record<string, string | number>> | undefined
  readonly arrivedMicros: number
}

/** A fact's name beside the event: its table and column. */
export const factName = (table: CompiledTable, column: CompiledColumn): string =>
  `${table.schema}.${table.name}.${column.name}`

const factNames = new WeakMap<CompiledColumn, string>()
function factOf(table: CompiledTable, column: CompiledColumn, row: RowSource): unknown {
  let name = factNames.get(column)
  if (name === undefined) {
    name = factName(table, column)
    factNames.set(column, name)
  }
  return row.facts?.[name]
}

function writeColumn(out: BinaryWriter, table: CompiledTable, column: CompiledColumn, row: RowSource): void {
  if (column.fact?.kind === 'arrival') out.bigintField(row.arrivedMicros - POSTGRES_EPOCH_MICROS)
  else if (column.fact !== undefined) writeValue(out, column.type, factOf(table, column, row))
  else if (column.isWholeEvent) out.jsonbField(row.raw)
  else writeValue(out, column.type, column.read(row.event))
}

/** A row for each event. `into` names a stand-in of the same columns, for comparing. */
export async function insertRows(
  client: Client,
  table: CompiledTable,
  rows: readonly RowSource[],
  into = qualified(table),
): Promise<void> {
  const out = new CopyWriter(rows.length * 160)
  for (const row of rows) {
    out.row(table.columns.length)
    for (const column of table.columns) writeColumn(out, table, column, row)
  }
  await copyIn(client, `${into} (${table.columns.map(column => quote(column.name)).join(', ')})`, out)
}

/** The latest row of each key; what belongs to a key's first version stays. */
export async function upsertRows(client: Client, table: CompiledTable, rows: readonly RowSource[]): Promise<void> {
  const arrays = table.columns.map(column => new ArrayWriter(column.type))
  for (const row of rows)
    for (const [index, column] of table.columns.entries()) {
      const array = arrays[index]
      if (array !== undefined) writeColumn(array.element(), table, column, row)
    }
  const names = table.columns.map(column => quote(column.name))
  const casts = table.columns.map((column, index) => `$${index + 1}::${SQL_TYPES[column.type]}[]`)
  const updated = table.columns.filter(column => !table.key.includes(column.name) && column.fact?.of !== 'first')
  const sets = updated.map(column => `${quote(column.name)} = excluded.${quote(column.name)}`)
  await client.query(
    `insert into ${qualified(table)} (${names.join(', ')}) select * from unnest(${casts.join(', ')})
     on conflict (${table.key.map(quote).join(', ')}) do ${sets.length === 0 ? 'nothing' : `update set ${sets.join(', ')}`}`,
    arrays.map(array => array.finish()),
  )
}

/** The next numbers of a serial column. */
export async function nextSerials(
  client: Client,
  table: CompiledTable,
  column: CompiledColumn,
  count: number,
): Promise<number[]> {
  const { rows } = await client.query<{ value: number }>(
    'select nextval($1::regclass) as value from generate_series(1, $2)',
    [serialName(table, column), count],
  )
  return rows.map(row => row.value)
}

import type { CompiledColumn } from '../../feed/compile-column.ts'
import type { RowItem } from '../../feed/item.ts'
import type { CompiledTable } from '../../feed/table.ts'
import { type BinaryWriter, writeValue } from '../binary.ts'
import { ArrayWriter, Rows, type RowsMode } from '../binary-rows.ts'
import type { Facts } from '../facts.ts'
import { qualified, quote, SQL_TYPES, serialName } from '../names.ts'
import type { Client } from '../store.ts'
import { writeRows } from './copy.ts'
import { POSTGRES_EPOCH_MICROS } from './events.ts'

/** What a table's row is made of. */
export type RowSource = {
  readonly event: unknown
  readonly raw: Uint8Array
  readonly facts: Facts | undefined
  readonly arrivedMicros: number
  /** Where the row stands for a key: when the first of the key's events that fit the table arrived. */
  readonly firstArrivedMicros?: number
  /** Of a table of a row an item. */
  readonly item?: RowItem
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
  const fact = row.facts?.[name]
  return row.item === undefined || !Array.isArray(fact) ? fact : fact[row.item.index]
}

function writeColumn(out: BinaryWriter, table: CompiledTable, column: CompiledColumn, row: RowSource): void {
  if (column.fact?.kind === 'arrival') {
    const first = column.fact.of === 'first' ? row.firstArrivedMicros : undefined
    out.bigintField((first ?? row.arrivedMicros) - POSTGRES_EPOCH_MICROS)
  } else if (column.fact !== undefined || column.series !== undefined)
    writeValue(out, column.type, factOf(table, column, row))
  else if (column.isWholeEvent) out.jsonbField(row.raw)
  else writeValue(out, column.type, column.read(row.event, row.item))
}

/** The rows that events give to a table. */
function rowsOf(table: CompiledTable, sources: readonly RowSource[]): readonly RowSource[] {
  const { each } = table
  return each === undefined
    ? sources
    : sources.flatMap(source => each.itemsOf(source.event).map(item => ({ ...source, item })))
}

/** The rows of each event. `into` names a stand-in of the same columns, for comparing. */
export async function insertRows(
  client: Client,
  table: CompiledTable,
  sources: readonly RowSource[],
  into = qualified(table),
  mode: RowsMode = 'copy',
): Promise<void> {
  const given = rowsOf(table, sources)
  if (given.length === 0) return
  const types = table.columns.map(column => column.type)
  const rows = new Rows(mode, types, given.length * 160)
  for (const row of given) {
    rows.row()
    for (const column of table.columns) writeColumn(rows.next(), table, column, row)
  }
  await writeRows(client, { table: into, columns: table.columns.map(column => quote(column.name)), types }, rows)
}

/** What the latest event of each key gives, in the place of what its earlier ones gave. */
export async function putLatest(client: Client, table: CompiledTable, sources: readonly RowSource[]): Promise<void> {
  if (table.each === undefined) await upsertRows(client, table, sources)
  else await replaceRows(client, table, sources)
}

/** Sent at once, one behind the other: on a pipelined connection nothing may come between them. */
async function replaceRows(client: Client, table: CompiledTable, sources: readonly RowSource[]): Promise<void> {
  const column = table.columns.find(({ name }) => name === table.keyColumn)
  if (column === undefined) throw new TypeError(`${table.name} has no column of the key`)
  const keys = new ArrayWriter(column.type)
  for (const source of sources) writeColumn(keys.element(), table, column, source)
  const text = `delete from ${qualified(table)} where ${quote(column.name)} = any($1::${SQL_TYPES[column.type]}[])`
  const deleted = client.query(text, [keys.finish()])
  await Promise.all([deleted, insertRows(client, table, sources, undefined, 'arrays')])
}

/** The latest row of each key; what belongs to a key's first version stays. */
async function upsertRows(client: Client, table: CompiledTable, rows: readonly RowSource[]): Promise<void> {
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

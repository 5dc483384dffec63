import type { ColumnType } from './column.ts'
import { type CompiledColumn, compileColumn } from './compile-column.ts'
import type { Table } from './declare.ts'
import type { Fault } from './fault.ts'
import { compileEach, type Each, itemsOf, type RowItem } from './item.ts'
import type { SchemaNode } from './path.ts'
import { type Relation, relationOf } from './relation.ts'

export type CompiledTable = Relation & {
  readonly rows: 'each' | 'latest'
  readonly key: readonly string[]
  /** Undefined: an event gives one row. */
  readonly each: (Each & { readonly itemsOf: (event: unknown) => readonly RowItem[] }) | undefined
  /** Where the API serves its rows. */
  readonly path: string | undefined
  /** Undefined: every event gives a row. */
  readonly when: ReadonlySet<string> | undefined
  readonly columns: readonly CompiledColumn[]
  /** The columns that hold the identity's key and number, where there are such: what a replay of one key goes by. */
  readonly keyColumn: string | undefined
}

export type TableContext = {
  readonly schemaOf: ReadonlyMap<string, SchemaNode>
  readonly keyPath: string | undefined
  readonly typed: boolean
}

export function compileTable(
  fullName: string,
  table: Table<never>,
  context: TableContext,
  faults: Fault[],
): CompiledTable {
  const place = `tables.${fullName}`
  const relation = relationOf('table', fullName, faults)
  const kinds = table.when === undefined ? undefined : typeof table.when === 'string' ? [table.when] : table.when
  for (const kind of kinds ?? []) {
    if (!context.typed) faults.push({ place: `${place}.when`, message: 'only a feed of variants has types' })
    else if (!context.schemaOf.has(kind))
      faults.push({ place: `${place}.when`, message: `there is no event type ${kind}` })
  }
  const schemas =
    kinds === undefined ? [...context.schemaOf.values()] : kinds.flatMap(kind => context.schemaOf.get(kind) ?? [])
  const each = table.each === undefined ? undefined : compileEach(table.each, schemas, place, faults)
  const columns = Object.entries(table.columns).map(([column, declared]) =>
    compileColumn(column, declared, { schemas, each }, `${place}.columns.${column}`, faults),
  )
  if (columns.length === 0) faults.push({ place: `${place}.columns`, message: 'a table has at least one column' })
  const names = columns.map(column => column.name)
  const twice = names.find((column, index) => names.indexOf(column) !== index)
  if (twice !== undefined)
    faults.push({ place, message: `two columns are named ${twice}: case doesn't tell them apart` })
  const key = (table.key ?? []).map(column => column.toLowerCase())
  for (const column of key)
    if (!names.includes(column)) faults.push({ place: `${place}.key`, message: `there is no column ${column}` })
  const keyColumn = keyColumnOf(table, context)
  const rows = table.rows ?? 'each'
  if (rows === 'latest' && keyColumn === undefined)
    faults.push({ place, message: "rows: 'latest' needs a column that holds the identity's key" })
  const isRowAKey = rows === 'latest' && each === undefined
  if (table.path !== undefined && key.length === 0 && !isRowAKey)
    faults.push({ place: `${place}.path`, message: 'rows are served in the order of a key: name its columns' })
  if (each !== undefined) faults.push(...itemFaults(place, columns, key, rows === 'latest' ? keyColumn : undefined))
  return {
    ...relation,
    rows,
    key: isRowAKey && keyColumn !== undefined ? [keyColumn.toLowerCase()] : key,
    each: each === undefined ? undefined : { ...each, itemsOf: itemsOf(each, keyParts(columns, key)) },
    path: table.path,
    when: kinds === undefined ? undefined : new Set(kinds),
    columns,
    keyColumn: keyColumn?.toLowerCase(),
  }
}

/** The column of the identity's key; where there is none, that of its number. */
function keyColumnOf({ columns }: Table<never>, { keyPath }: TableContext): string | undefined {
  const holding = Object.entries(columns).filter(([, column]) => 'path' in column && column.path === keyPath)
  return (holding.find(([, column]) => !('series' in column)) ?? holding[0])?.[0]
}

/** What the database gives is another in each row: without it the key tells no items apart. */
function keyParts(columns: readonly CompiledColumn[], key: readonly string[]) {
  const parts = columns.filter(({ name }) => key.includes(name))
  return parts.some(({ fact }) => fact !== undefined) ? [] : parts.map(({ read }) => read)
}

/** Whose values are the same for PostgreSQL when they are the same in JSON. */
const KEY_TYPES: readonly ColumnType[] = ['text', 'integer', 'bigint', 'boolean']

/** No batch may fail on two rows of one key, or on one without. */
function itemFaults(
  place: string,
  columns: readonly CompiledColumn[],
  key: readonly string[],
  keyColumn: string | undefined,
): Fault[] {
  const faults: Fault[] = []
  for (const { name, shown, type, fact, isItem, isRequired } of columns) {
    if (fact?.of === 'first')
      faults.push({ place: `${place}.columns.${shown}`, message: 'a row an item has no first version of its own' })
    if (key.includes(name) && !isRequired)
      faults.push({ place: `${place}.key`, message: `the schema doesn't require what ${shown} holds` })
    if (key.includes(name) && isItem && !KEY_TYPES.includes(type))
      faults.push({ place: `${place}.key`, message: `items are told apart by ${KEY_TYPES.join(', ')}, not ${type}` })
  }
  if (keyColumn !== undefined && key.length > 0 && !key.includes(keyColumn.toLowerCase()))
    faults.push({ place: `${place}.key`, message: `rows of different keys are told apart by ${keyColumn}: add it` })
  return faults
}

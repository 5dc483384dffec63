import type { Column, ColumnType, FactKind } from './column.ts'
import type { Table } from './declare.ts'
import type { Fault } from './fault.ts'
import { describe, pointerOf, readerOf, type SchemaNode } from './path.ts'
import { isUuid, parseTime } from './time.ts'

export type CompiledColumn = {
  /** As PostgreSQL keeps it: in small letters, so that it can be typed without quotes, in any case. */
  readonly name: string
  /** As it is declared: its name in JSON. */
  readonly shown: string
  readonly type: ColumnType
  readonly fact: { readonly kind: FactKind; readonly of: 'each' | 'first' } | undefined
  readonly read: (event: unknown) => unknown
  /** Set for `json('')`: the event's own bytes are the value. */
  readonly isWholeEvent: boolean
  readonly pointer: string
  readonly isRequired: boolean
  /** False where the schema already lets through nothing that the column can't hold. */
  readonly needsCheck: boolean
}

export type CompiledTable = {
  readonly schema: string
  readonly name: string
  readonly rows: 'each' | 'latest'
  readonly key: readonly string[]
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

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

export function compileTable(
  fullName: string,
  table: Table<never>,
  context: TableContext,
  faults: Fault[],
): CompiledTable {
  const place = `tables.${fullName}`
  const [first = '', second] = fullName.split('.')
  const [schema, name] = second === undefined ? ['public', first] : [first, second]
  if (!IDENTIFIER.test(schema) || !IDENTIFIER.test(name) || fullName.split('.').length > 2)
    faults.push({ place, message: 'a table is named `name` or `schema.name`, of letters, digits and _' })
  if (/^(groundstation|pg_.*|information_schema)$/i.test(schema))
    faults.push({ place, message: `the schema ${schema} is not for feeds` })
  const kinds = table.when === undefined ? undefined : typeof table.when === 'string' ? [table.when] : table.when
  for (const kind of kinds ?? []) {
    if (!context.typed) faults.push({ place: `${place}.when`, message: 'only a feed of variants has types' })
    else if (!context.schemaOf.has(kind))
      faults.push({ place: `${place}.when`, message: `there is no event type ${kind}` })
  }
  const schemas =
    kinds === undefined ? [...context.schemaOf.values()] : kinds.flatMap(kind => context.schemaOf.get(kind) ?? [])
  const columns = Object.entries(table.columns).map(([column, declared]) =>
    compileColumn(column, declared, schemas, `${place}.columns.${column}`, faults),
  )
  if (columns.length === 0) faults.push({ place: `${place}.columns`, message: 'a table has at least one column' })
  const names = columns.map(column => column.name)
  const twice = names.find((column, index) => names.indexOf(column) !== index)
  if (twice !== undefined)
    faults.push({ place, message: `two columns are named ${twice}: case doesn't tell them apart` })
  const key = (table.key ?? []).map(column => column.toLowerCase())
  for (const column of key)
    if (!names.includes(column)) faults.push({ place: `${place}.key`, message: `there is no column ${column}` })
  const keyColumn = Object.entries(table.columns).find(
    ([, column]) => 'path' in column && context.keyPath !== undefined && column.path === context.keyPath,
  )?.[0]
  const rows = table.rows ?? 'each'
  if (rows === 'latest' && keyColumn === undefined)
    faults.push({ place, message: "rows: 'latest' needs a column that holds the identity's key" })
  if (table.path !== undefined && key.length === 0 && rows === 'each')
    faults.push({ place: `${place}.path`, message: 'rows are served in the order of a key: name its columns' })
  return {
    schema: schema.toLowerCase(),
    name: name.toLowerCase(),
    rows,
    key: rows === 'latest' && keyColumn !== undefined ? [keyColumn.toLowerCase()] : key,
    path: table.path,
    when: kinds === undefined ? undefined : new Set(kinds),
    columns,
    keyColumn: keyColumn?.toLowerCase(),
  }
}

function compileColumn(
  name: string,
  column: Column<never>,
  schemas: readonly SchemaNode[],
  place: string,
  faults: Fault[],
): CompiledColumn {
  if (!IDENTIFIER.test(name)) faults.push({ place, message: 'a column is named by letters, digits and _, 63 at most' })
  const base = {
    name: name.toLowerCase(),
    shown: name,
    type: column.type,
    fact: undefined,
    isWholeEvent: false,
    pointer: '',
    isRequired: false,
  }
  if ('fact' in column) {
    return {
      ...base,
      fact: { kind: column.fact, of: column.of },
      read: () => undefined,
      isRequired: true,
      needsCheck: false,
    }
  }
  if ('compute' in column) return { ...base, read: column.compute as (event: unknown) => unknown, needsCheck: true }
  const described = schemas.map(schema => describe(schema, column.path))
  if (described.includes(undefined))
    faults.push({ place, message: `the event's schema doesn't describe '${column.path}'` })
  return {
    ...base,
    read: readerOf(column.path),
    isWholeEvent: column.type === 'json' && column.path === '',
    pointer: pointerOf(column.path),
    isRequired: described.length > 0 && described.every(one => one?.required === true && isNeverNull(one.schema)),
    needsCheck: !described.every(one => one !== undefined && guarantees(one.schema, column.type)),
  }
}

const isNeverNull = (schema: SchemaNode) =>
  ['string', 'integer', 'number', 'boolean', 'object', 'array'].includes(schema.type ?? '')

function guarantees(schema: SchemaNode, type: ColumnType): boolean {
  switch (type) {
    case 'text':
      return schema.type === 'string'
    case 'integer':
      return (
        schema.type === 'integer' && (schema.minimum ?? -Infinity) >= INT_MIN && (schema.maximum ?? Infinity) <= INT_MAX
      )
    case 'bigint':
      return (
        schema.type === 'integer' &&
        (schema.minimum ?? -Infinity) >= Number.MIN_SAFE_INTEGER &&
        (schema.maximum ?? Infinity) <= Number.MAX_SAFE_INTEGER
      )
    case 'double':
      return schema.type === 'number' || schema.type === 'integer'
    case 'boolean':
      return schema.type === 'boolean'
    case 'timestamp':
      return schema.type === 'string' && schema.format === 'date-time'
    case 'uuid':
      return schema.type === 'string' && schema.format === 'uuid'
    case 'json':
      return true
  }
}

const INT_MIN = -2_147_483_648
const INT_MAX = 2_147_483_647

/** Why a column can't hold a value, in words; undefined where it can. Null and undefined are NULL. */
export function misfit(type: ColumnType, value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  switch (type) {
    case 'text':
      return typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000')
        ? undefined
        : 'must be a text without U+0000'
    case 'integer':
      return Number.isInteger(value) && (value as number) >= INT_MIN && (value as number) <= INT_MAX
        ? undefined
        : `must be an integer from ${INT_MIN} to ${INT_MAX}`
    case 'bigint':
      return Number.isSafeInteger(value) ? undefined : 'must be an integer within 2^53'
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'must be a finite number'
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false'
    case 'timestamp':
      return typeof value === 'string' && parseTime(value) !== undefined ? undefined : 'must be an RFC 3339 time'
    case 'uuid':
      return typeof value === 'string' && isUuid(value) ? undefined : 'must be a UUID'
    case 'json':
      return JSON.stringify(value) === undefined ? 'must be JSON' : undefined
  }
}

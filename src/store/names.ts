import type { ColumnType } from '../feed/column.ts'
import type { CompiledColumn } from '../feed/compile-column.ts'
import type { Relation } from '../feed/relation.ts'
import type { CompiledTable } from '../feed/table.ts'

export const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  integer: 'integer',
  bigint: 'bigint',
  double: 'double precision',
  boolean: 'boolean',
  timestamp: 'timestamp with time zone',
  uuid: 'uuid',
  json: 'jsonb',
}

/** Names are checked by the declaration; quoting keeps them apart from SQL's own words. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
/** A text within a statement whose parameters are another's. Checked by the declaration, as names are. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
export const qualified = ({ schema, name }: Relation): string => `${quote(schema)}.${quote(name)}`

/** As PostgreSQL itself would name it. */
export const serialName = (table: CompiledTable, column: CompiledColumn): string =>
  `${quote(table.schema)}.${quote(`${table.name.slice(0, 29)}_${column.name.slice(0, 29)}_seq`)}`

import type { ColumnType } from '../../feed/column.ts'

const TEXT = { type: 'string' }
const NUMBER = { type: 'number' }
const TIME = { type: 'string', format: 'date-time' }
const UUID = { type: 'string', format: 'uuid' }
const BOOLEAN = { type: 'boolean' }
const INT4 = { type: 'integer', format: 'int32' }
const INT8 = { type: 'integer', format: 'int64' }
const JSON_VALUE = { description: 'JSON.' }

/** How PostgreSQL writes values as JSON, by the names that types have in a declaration and in PostgreSQL. */
const SCHEMAS: Readonly<Record<ColumnType | (string & {}), object>> = {
  text: TEXT,
  integer: INT4,
  bigint: INT8,
  double: { type: 'number', format: 'double' },
  boolean: BOOLEAN,
  timestamp: TIME,
  uuid: UUID,
  json: JSON_VALUE,
  smallint: INT4,
  numeric: NUMBER,
  real: NUMBER,
  'double precision': NUMBER,
  'timestamp with time zone': TIME,
  date: { type: 'string', format: 'date' },
  jsonb: JSON_VALUE,
  record: { type: 'object' },
  array: { type: 'array' },
}

/** A value that may be anything may be null; of a type that isn't known here PostgreSQL writes the text. */
export function columnSchema(type: string, isNullable: boolean): object {
  const schema = SCHEMAS[type] ?? TEXT
  return schema === JSON_VALUE || !isNullable ? schema : { anyOf: [schema, { type: 'null' }] }
}

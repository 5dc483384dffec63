import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import type { ColumnType } from '../../feed/column.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { CompiledTable } from '../../feed/table.ts'
import { LIMIT_DEFAULT, LIMIT_MAX, SKIP_MAX } from '../parameters.ts'
import { jsonContent, problemContents } from './content.ts'

/** How PostgreSQL writes a column's values as JSON. */
const SCHEMAS: Readonly<Record<ColumnType, object>> = {
  text: { type: 'string' },
  integer: { type: 'integer', format: 'int32' },
  bigint: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  boolean: { type: 'boolean' },
  timestamp: { type: 'string', format: 'date-time' },
  uuid: { type: 'string', format: 'uuid' },
  json: { description: 'JSON.' },
}

const pageParameters = {
  skip: Type.Optional(Type.Integer({ minimum: 0, maximum: SKIP_MAX, default: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT })),
}

/** Rows, and how many they are. */
const rowsOf = (row: object, head: Readonly<Record<string, object>> = {}) => ({
  type: 'object',
  required: [...Object.keys(head), 'size', 'data'],
  properties: {
    ...head,
    size: { type: 'integer', minimum: 0, description: 'How many rows are in `data`.' },
    data: { type: 'array', items: row },
  },
})

const pageHead = {
  skip: { type: 'integer', minimum: 0 },
  limit: { type: 'integer', minimum: 1 },
}

function rowSchema({ columns }: CompiledTable): object {
  const properties = columns.map(({ shown, type, isRequired }) => [
    shown,
    isRequired || type === 'json' ? SCHEMAS[type] : { anyOf: [SCHEMAS[type], { type: 'null' }] },
  ])
  return {
    type: 'object',
    required: columns.map(({ shown }) => shown),
    properties: Object.fromEntries(properties),
  }
}

export function tableSchema(feed: CompiledFeed, table: CompiledTable): FastifySchema {
  const key = table.columns.filter(({ name }) => table.key.includes(name)).map(({ shown }) => shown)
  return {
    operationId: `rows-${feed.name}-${table.schema}-${table.name}`,
    tags: [feed.name],
    summary: `The rows of ${table.name}`,
    description: `In the order of ${key.join(', ')}. A page ends after 8 MiB at the latest: go on at skip + size. Rows that come in between may move later ones.`,
    querystring: Type.Object(pageParameters),
    response: { 200: jsonContent('A page.', rowsOf(rowSchema(table), pageHead)), ...problemContents(400) },
  } as FastifySchema
}

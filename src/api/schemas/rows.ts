import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { CompiledTable } from '../../feed/table.ts'
import { LIMIT_DEFAULT, LIMIT_MAX, SKIP_MAX } from '../parameters.ts'
import { jsonContent, problemContents } from './content.ts'
import { columnSchema } from './values.ts'

export const skipParameters = {
  skip: Type.Optional(Type.Integer({ minimum: 0, maximum: SKIP_MAX, default: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT })),
}

export const skipHead = {
  skip: { type: 'integer', minimum: 0 },
  limit: { type: 'integer', minimum: 1 },
}

/** Rows, and how many they are. */
export const rowsOf = (properties: Readonly<Record<string, object>>, head: Readonly<Record<string, object>> = {}) => ({
  type: 'object',
  required: [...Object.keys(head), 'size', 'data'],
  properties: {
    ...head,
    size: { type: 'integer', minimum: 0, description: 'How many rows are in `data`.' },
    data: { type: 'array', items: { type: 'object', required: Object.keys(properties), properties } },
  },
})

export function tableSchema(feed: CompiledFeed, table: CompiledTable): FastifySchema {
  const key = table.columns.filter(({ name }) => table.key.includes(name)).map(({ shown }) => shown)
  const row = Object.fromEntries(
    table.columns.map(({ shown, type, isRequired }) => [shown, columnSchema(type, !isRequired)]),
  )
  return {
    operationId: `rows-${feed.name}-${table.schema}-${table.name}`,
    tags: [feed.name],
    summary: `The rows of ${table.name}`,
    description: `In the order of ${key.join(', ')}. A page ends after 8 MiB at the latest: go on at skip + size. Rows that come in between may move later ones.`,
    querystring: Type.Object(skipParameters),
    response: { 200: jsonContent('A page.', rowsOf(row, skipHead)), ...problemContents(400) },
  } as FastifySchema
}

import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import type { CompiledFeed } from '../../feed/compile.ts'
import { nameOf } from '../../feed/relation.ts'
import type { CompiledView } from '../../feed/view.ts'
import type { ViewColumn } from '../../store/read/views.ts'
import { FeedName, jsonContent, pageOf, pathParameters, problemContents } from './content.ts'
import { rowsOf, skipHead, skipParameters } from './rows.ts'
import { columnSchema } from './values.ts'

const refreshed = {
  type: 'string',
  format: 'date-time',
  description: 'Whatever was on the record by then is in the rows.',
}

export function viewSchema(feed: CompiledFeed, view: CompiledView, columns: readonly ViewColumn[]): FastifySchema {
  const row = Object.fromEntries(columns.map(({ name, type }) => [name, columnSchema(type, true)]))
  const head = { ...(view.isPaged ? skipHead : {}), ...(view.refreshMs === undefined ? {} : { refreshed }) }
  const isKeyed = view.isPaged || view.refreshMs !== undefined
  return {
    operationId: `view-${feed.name}-${view.schema}-${view.name}`,
    tags: [feed.name],
    summary: `The view ${nameOf(view)}`,
    description: [
      ...(isKeyed ? [`In the order of ${view.key.join(', ')}.`] : []),
      view.refreshMs === undefined ? 'Computed at each reading.' : `Computed every ${view.refreshMs / 1000} s.`,
    ].join(' '),
    ...(view.isPaged ? { querystring: Type.Object(skipParameters) } : {}),
    response: {
      200: jsonContent(view.isPaged ? 'A page.' : 'All rows.', rowsOf(row, head)),
      ...problemContents(400, 429),
    },
  } as FastifySchema
}

const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] })

export const viewListSchema = {
  operationId: 'list-views',
  tags: ['operations'],
  summary: "A feed's views, and how fresh they are",
  params: pathParameters({ feed: FeedName }),
  response: {
    200: jsonContent(
      'All of them.',
      pageOf({
        type: 'object',
        required: ['name', 'path', 'refreshMs', 'refreshed', 'tookMs', 'problem'],
        properties: {
          name: { type: 'string' },
          path: orNull({ type: 'string' }),
          refreshMs: orNull({ type: 'number', description: 'How often it is computed; null: at each reading.' }),
          refreshed: orNull(refreshed),
          tookMs: orNull({ type: 'number', description: 'What the last refresh took.' }),
          problem: orNull({ type: 'string', description: 'Why the last refresh failed; the rows before it stay.' }),
        },
      }),
    ),
    ...problemContents(400, 404),
  },
} as FastifySchema

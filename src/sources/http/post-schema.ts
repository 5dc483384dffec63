import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { SchemaNode } from '../../feed/path.ts'
import { LINES_MEDIA_TYPE } from './media.ts'
import { PROBLEM_MEDIA_TYPE } from './problem.ts'
import { ProblemSchema, Queued, QueuedTotalsSchema, ReceiptLine, Settled, TotalsSchema } from './receipt-schema.ts'
import { SCHEMES } from './signed/schemes.ts'

const content = (description: string, schemas: Readonly<Record<string, unknown>>) => ({
  description,
  content: Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }])),
})
const problemOf = (description: string) => content(description, { [PROBLEM_MEDIA_TYPE]: PROBLEM })

/** What several routes speak of, under a name: the description's components. */
export const PROBLEM = { $ref: 'Problem#' }
const eventNameOf = (feed: CompiledFeed) => `${feed.name}-event`
export const postingSchemas = (feeds: Iterable<CompiledFeed>): readonly object[] => [
  { ...ProblemSchema, $id: 'Problem' },
  { ...TotalsSchema, $id: 'Totals' },
  { ...QueuedTotalsSchema, $id: 'QueuedTotals' },
  { ...Settled, $id: 'Settled' },
  { ...Queued, $id: 'Queued' },
  { ...ReceiptLine, $id: 'Receipt' },
  ...[...feeds].map(feed => ({ ...(eventSchema(feed) as object), $id: eventNameOf(feed) })),
]

/** The schema of one event: the feed's own, or one of its types', each with its name as the type. */
function eventSchema({ schemas, identity }: CompiledFeed): unknown {
  const typePath = identity.typePath?.split('.') ?? []
  const variants = [...schemas].map(([type, schema]) =>
    type === '' ? schema : { title: type, ...(withConst(schema, typePath, type) as object) },
  )
  return variants.length === 1 ? variants[0] : { oneOf: variants }
}

/** A copy of the schema that allows one value at a path. */
function withConst(schema: SchemaNode, [name, ...rest]: readonly string[], value: string): unknown {
  if (name === undefined) return { ...schema, const: value }
  const { properties = {} } = schema
  const inner = properties[name]
  return inner === undefined
    ? schema
    : { ...schema, properties: { ...properties, [name]: withConst(inner, rest, value) } }
}

const QUEUED = {
  202: content('With Kafka configured: on the topic, as durably as its brokers keep it.', {
    'application/json': { oneOf: [{ $ref: 'Queued#' }, { $ref: 'QueuedTotals#' }] },
    [LINES_MEDIA_TYPE]: { $ref: 'Receipt#' },
  }),
}

function keyHeader({ source }: CompiledFeed) {
  const description = 'The same key with another body is refused.'
  const key = Type.String({ minLength: 1, maxLength: 255, description })
  return source.idempotencyKey === undefined
    ? { 'Idempotency-Key': Type.Optional(key) }
    : { [source.idempotencyKey]: key }
}

function signatureHeaders({ source: { signature, idempotencyKey } }: CompiledFeed) {
  const names = signature === undefined ? [] : SCHEMES[signature.scheme].headers
  const description = `As the scheme '${signature?.scheme}' has it, over the bytes of the body.`
  return Object.fromEntries(
    names.filter(name => name !== idempotencyKey?.toLowerCase()).map(name => [name, Type.String({ description })]),
  )
}

/** How a post to a feed is described. Nothing is checked by it: the engine reads the bytes. */
export function postSchema(feed: CompiledFeed, operationId: string): FastifySchema {
  const isSigned = feed.source.signature !== undefined
  const event = { $ref: `${eventNameOf(feed)}#` }
  return {
    operationId,
    tags: [feed.name],
    summary: `Post events to ${feed.name}`,
    description: isSigned
      ? 'One event, or an array of events, with a signature over its bytes. The answer comes when the events are durable.'
      : 'One event, an array of events, or NDJSON of any length. May be packed with gzip. The answer comes when the events are durable.',
    headers: Type.Object({
      ...keyHeader(feed),
      ...signatureHeaders(feed),
      Prefer: Type.Optional(
        Type.String({ description: "`return=representation`: each event's receipt, in the order sent, as NDJSON." }),
      ),
    }),
    body: content(`Events of ${feed.name}`, {
      'application/json': { oneOf: [event, { type: 'array', items: event }] },
      ...(isSigned ? {} : { [LINES_MEDIA_TYPE]: event }),
    }),
    response: {
      200: content('Durable.', {
        'application/json': { oneOf: [{ $ref: 'Settled#' }, { $ref: 'Totals#' }] },
        [LINES_MEDIA_TYPE]: { $ref: 'Receipt#' },
      }),
      ...(feed.source.kind === 'http' && feed.source.topic !== undefined ? QUEUED : {}),
      400: problemOf('The event was rejected, and is a dead letter now; or the request is none.'),
      ...(isSigned ? { 401: problemOf('The signature is missing, too old, or of another body.') } : {}),
      408: problemOf('The body came too slowly.'),
      409: problemOf('Another event with the same identity, or another body with the same key, came before.'),
      413: problemOf('The body is too large, or unfolds to too much.'),
      415: problemOf('The body is neither JSON nor NDJSON, in UTF-8, as it is or packed with gzip.'),
      429: problemOf('Too much is waiting. Nothing was taken; Retry-After says when to come back.'),
      503: problemOf('It is unknown, or certain, that nothing was stored. Send it again; Retry-After says when.'),
    },
  } as FastifySchema
}

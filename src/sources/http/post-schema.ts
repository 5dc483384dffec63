import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import type { CompiledFeed } from '../../feed/compile.ts'
import { LINES_MEDIA_TYPE } from './media.ts'
import { PROBLEM_MEDIA_TYPE } from './problem.ts'
import { ProblemSchema, ReceiptLine, Settled, TotalsSchema } from './receipt-schema.ts'

const content = (description: string, schemas: Readonly<Record<string, unknown>>) => ({
  description,
  content: Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }])),
})
const problemOf = (description: string) => content(description, { [PROBLEM_MEDIA_TYPE]: ProblemSchema })

/** The schema of one event: the feed's own, or one of its types'. */
export function eventSchema(feed: CompiledFeed): unknown {
  const variants = [...feed.schemas].map(([type, schema]) => (type === '' ? schema : { title: type, ...schema }))
  return variants.length === 1 ? variants[0] : { oneOf: variants }
}

/** How a post to a feed is described. Nothing is checked by it: the engine reads the bytes. */
export function postSchema(feed: CompiledFeed, operationId: string): FastifySchema {
  const event = eventSchema(feed)
  return {
    operationId,
    tags: [feed.name],
    summary: `Post events to ${feed.name}`,
    description:
      'One event, an array of events, or NDJSON of any length. May be packed with gzip. The answer comes when the events are durable.',
    headers: Type.Object({
      'Idempotency-Key': Type.Optional(
        Type.String({ minLength: 1, maxLength: 255, description: 'The same key with another body is refused.' }),
      ),
      Prefer: Type.Optional(
        Type.String({ description: "`return=representation`: each event's receipt, in the order sent, as NDJSON." }),
      ),
    }),
    body: content(`Events of ${feed.name}`, {
      'application/json': { oneOf: [event, { type: 'array', items: event }] },
      [LINES_MEDIA_TYPE]: event,
    }),
    response: {
      200: content('Durable.', {
        'application/json': { oneOf: [Settled, TotalsSchema] },
        [LINES_MEDIA_TYPE]: ReceiptLine,
      }),
      400: problemOf('The event was rejected, and is a dead letter now; or the request is none.'),
      408: problemOf('The body came too slowly.'),
      409: problemOf('Another event with the same identity, or another body with the same key, came before.'),
      413: problemOf('The body is too large, or unfolds to too much.'),
      415: problemOf('The body is neither JSON nor NDJSON, in UTF-8, as it is or packed with gzip.'),
      429: problemOf('Too much is waiting. Nothing was taken; Retry-After says when to come back.'),
      503: problemOf('It is unknown, or certain, that nothing was stored. Send it again; Retry-After says when.'),
    },
  } as FastifySchema
}

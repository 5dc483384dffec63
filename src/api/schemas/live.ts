import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import { problemContents } from './content.ts'

/** What every stream takes. /docs fills the example in, so that trying it out ends. */
export const liveParameters = {
  seconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 86_400, examples: [5], description: 'Ends after so long; never without it.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, description: 'Ends after so many messages.' })),
}

export const streamContent = (description: string) => ({
  description,
  content: { 'text/event-stream': { schema: { type: 'string' } } },
})

export const LAST_EVENT_ID = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      description: 'The last id that was seen: what followed comes first. Browsers send it by themselves.',
    }),
  ),
})

export function alertsSchema(path: string, feeds: readonly string[]): FastifySchema {
  return {
    operationId: `stream${path.replaceAll('/', '-')}`,
    tags: [...feeds],
    summary: 'Alerts as they are raised',
    description:
      'Server-sent events: `id` (1, 2, 3 … without a gap), `event: alert`, `data`. From now on; with `Last-Event-ID`, what followed it. ' +
      'Where that is no longer there, or never was: `event: reset`, then from now on.',
    querystring: Type.Object(liveParameters),
    headers: LAST_EVENT_ID,
    response: { 200: streamContent('A stream that does not end.'), ...problemContents(400) },
  } as FastifySchema
}

import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { CompiledState } from '../../feed/state.ts'
import { jsonContent, pageOf, pageParameters, pathParameters, problemContents } from './content.ts'
import { LAST_EVENT_ID, liveParameters, streamContent } from './live.ts'

const stateNameOf = (feed: CompiledFeed) => `${feed.name}-state`
const stateRef = (feed: CompiledFeed) => ({ $ref: `${stateNameOf(feed)}#` })

const STREAM_WORDS =
  ' With `Accept: text/event-stream`, server-sent events: `id`, `event: state`, `data` (a state as it is here). What is, then each ' +
  'change; with `Last-Event-ID`, what followed it. Where that is no longer there, or never was: `event: reset`, then what is.'

/** What `Accept` chooses between. */
function jsonOrStream(description: string, schema: unknown) {
  const json = jsonContent(description, schema)
  return { ...json, content: { ...json.content, ...streamContent('').content } }
}

/** A state as it is served, from what the feed declares. */
export function shownSchema(feed: CompiledFeed, state: CompiledState): object {
  const properties = {
    [state.keyName]: { type: 'string' },
    ...state.schema.properties,
    [state.sequenceName]: { type: 'integer', minimum: 1, description: 'The highest number that was applied.' },
    [state.timeName]: { type: ['string', 'null'] },
    complete: { type: 'boolean', description: 'Whether every number up to it is in, or voided.' },
  }
  const open = state.isOpen ? { additionalProperties: true } : {}
  return { $id: stateNameOf(feed), type: 'object', required: Object.keys(properties), properties, ...open }
}

export function stateListSchema(feed: CompiledFeed, state: CompiledState): FastifySchema {
  const sorts = state.sort.flatMap(({ name }) => [name, `-${name}`])
  return {
    operationId: `list-${feed.name}`,
    tags: [feed.name],
    summary: `The states of ${feed.name}`,
    description: `Text is sorted by code point; what is missing comes last both ways; ties go by key.${STREAM_WORDS}`,
    querystring: Type.Object({
      sort: Type.Optional(Type.String({ enum: sorts, description: 'With - before it: the highest first.' })),
      ...pageParameters,
      seconds: liveParameters.seconds,
    }),
    headers: LAST_EVENT_ID,
    response: { 200: jsonOrStream('A page.', pageOf(stateRef(feed))), ...problemContents(400) },
  } as FastifySchema
}

export function stateSchema(feed: CompiledFeed, state: CompiledState): FastifySchema {
  return {
    operationId: `get-${feed.name}`,
    tags: [feed.name],
    summary: `One state of ${feed.name}`,
    description: STREAM_WORDS.trim(),
    params: pathParameters({ key: Type.String({ description: state.keyName }) }),
    querystring: Type.Object({
      at: Type.Optional(
        Type.Integer({
          minimum: 1,
          description: 'The state after this number, from what is known now. Beyond the last number: 404.',
        }),
      ),
      ...liveParameters,
    }),
    headers: LAST_EVENT_ID,
    response: { 200: jsonOrStream('The state.', stateRef(feed)), ...problemContents(400, 404) },
  } as FastifySchema
}

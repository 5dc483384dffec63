import { Type } from 'typebox'
import { LETTER_STATUSES } from '../../store/read/letters.ts'
import {
  FeedName,
  jsonContent,
  Key,
  Number1,
  pageOf,
  pageParameters,
  pathParameters,
  problemContents,
  Time,
} from './content.ts'

const tags = ['operations']
const params = pathParameters({ feed: FeedName, id: Type.Integer() })

const LETTER = { $ref: 'DeadLetter#' }

export const LetterSchema = Type.Object({
  id: Type.Integer(),
  reason: Type.String({ description: 'The rule that was broken.' }),
  message: Type.String(),
  pointer: Type.String({ description: 'JSON Pointer of the place.' }),
  key: Type.Union([Type.String(), Type.Null()], { description: 'Where it could be read.' }),
  sequence: Type.Union([Number1, Type.Null()], { description: 'Where it could be read.' }),
  source: Type.Object({}, { description: 'Where it came from first.' }),
  count: Type.Integer({ minimum: 1, description: 'How often the same bytes were refused.' }),
  firstAt: Time,
  lastAt: Time,
  status: Type.String({ enum: [...LETTER_STATUSES] }),
  raw: Type.String({ description: 'The bytes that came.' }),
  encoding: Type.String({ enum: ['utf-8', 'base64'], description: 'Of `raw`: base64 where the bytes are no text.' }),
})

export const lettersSchema = {
  operationId: 'list-dead-letters',
  tags,
  summary: 'Events that were refused, or could not be applied',
  description: 'The oldest first. A page ends after 8 MiB at the latest.',
  params: pathParameters({ feed: FeedName }),
  querystring: Type.Object({
    key: Key,
    status: Type.Optional(Type.String({ enum: [...LETTER_STATUSES, 'all'], default: 'open' })),
    ...pageParameters,
  }),
  response: { 200: jsonContent('A page.', pageOf(LETTER)), ...problemContents(400, 404) },
}

export const letterSchema = {
  operationId: 'get-dead-letter',
  tags,
  summary: 'One dead letter',
  params,
  response: { 200: jsonContent('The letter.', LETTER), ...problemContents(404) },
}

export const dismissalSchema = {
  operationId: 'dismiss-dead-letter',
  tags,
  summary: 'Dismiss a dead letter',
  description: 'Its number, where it has one, is voided: what waits for it waits no longer.',
  params,
  response: { 204: { description: 'Dismissed.', type: 'null' }, ...problemContents(404, 409) },
}

export const replaySchema = {
  operationId: 'replay-dead-letter',
  tags,
  summary: 'Replay a dead letter into its place',
  description: 'The body is the corrected event; without one the event is tried again as it was.',
  params,
  querystring: Type.Object({
    dry: Type.Optional(Type.Boolean({ description: 'Only say what would become of it.', default: false })),
  }),
  body: {
    description: 'The corrected event.',
    content: { 'application/json': { schema: Type.Object({}, { description: "As the feed's schema has it." }) } },
  },
  response: {
    200: jsonContent('In its place; or, when dry, what would become of it.', { $ref: 'Settled#' }),
    ...problemContents(400, 404, 409),
  },
}

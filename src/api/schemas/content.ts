import { type TSchema, Type } from 'typebox'
import { PROBLEM } from '../../sources/http/post-schema.ts'
import { PROBLEM_MEDIA_TYPE } from '../../sources/http/problem.ts'
import { LIMIT_DEFAULT, LIMIT_MAX } from '../parameters.ts'

/** An answer in JSON. */
export const jsonContent = (description: string, schema: unknown) => ({
  description,
  content: { 'application/json': { schema } },
})

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'A parameter is none, or no value that it can have.',
  401: 'A token is missing, or no good; of a login: the name or the password is wrong.',
  403: "The token's role doesn't suffice.",
  404: 'There is no such thing.',
  409: 'It can not be done any more, or the name is taken.',
  413: 'The body is too large.',
  415: 'The body is of another type.',
  429: 'Too many at a time. Retry-After says when to come back.',
  503: 'The database is not reachable at the moment. Retry-After says when to ask again.',
}

/** The problems that a route answers with, by status; 503 is among them always. */
export const problemContents = (...statuses: readonly (keyof typeof PROBLEMS)[]) =>
  Object.fromEntries(
    [...statuses, 503].map(status => [
      status,
      { description: PROBLEMS[status] ?? '', content: { [PROBLEM_MEDIA_TYPE]: { schema: PROBLEM } } },
    ]),
  )

/** A page of a list. */
export const pageOf = (items: unknown) => ({
  type: 'object',
  required: ['data', 'next'],
  properties: {
    data: { type: 'array', items },
    next: { type: ['string', 'null'], description: 'For `after`: where the list goes on; null at its end.' },
  },
})

export const pageParameters = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT })),
  after: Type.Optional(Type.String({ description: "The page before's `next`." })),
}

export const pathParameters = <const Names extends Readonly<Record<string, TSchema>>>(names: Names) =>
  Type.Object(names)

export const Key = Type.Optional(Type.String({ description: 'Of this key only.' }))
export const Time = Type.String({ format: 'date-time' })
export const Number1 = Type.Integer({ minimum: 1 })
export const FeedName = Type.String({ description: "A feed's name." })

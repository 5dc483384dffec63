import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import { ROLES } from '../../feed/access.ts'
import { LIMIT_DEFAULT, LIMIT_MAX, SKIP_MAX } from '../parameters.ts'
import { jsonContent, problemContents, Time } from './content.ts'

const tags = ['users']
const Text = Type.String({ maxLength: 200 })
const RoleSchema = Type.String({ enum: [...ROLES] })
const Password = Type.String({ format: 'password', minLength: 8 })
const person = { username: Text, name: Text, lastname: Text, email: Text }

export const loginSchema = {
  operationId: 'login',
  tags,
  summary: 'A token for a name and a password',
  description: 'Holds for 30 minutes, until the password is changed or the user is removed.',
  body: {
    content: {
      'application/x-www-form-urlencoded': {
        schema: Type.Object({ username: Text, password: Type.String({ format: 'password' }) }),
      },
    },
  },
  response: {
    200: jsonContent(
      'For `Authorization: Bearer`.',
      Type.Object({ access_token: Type.String(), token_type: Type.Literal('bearer') }),
    ),
    ...problemContents(400, 401, 413, 415, 429),
  },
} as FastifySchema

export const userListSchema = {
  operationId: 'list-users',
  tags,
  summary: 'The users, in the order in which they were made',
  querystring: Type.Object({
    skip: Type.Optional(Type.Integer({ minimum: 0, maximum: SKIP_MAX, default: 0 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT })),
  }),
  response: {
    200: jsonContent(
      'A page.',
      Type.Object({
        skip: Type.Integer(),
        limit: Type.Integer(),
        size: Type.Integer({ description: 'How many are in `data`.' }),
        data: Type.Array(
          Type.Object({ id: Type.String({ format: 'uuid' }), ...person, role: RoleSchema, createdAt: Time }),
        ),
      }),
    ),
    ...problemContents(400),
  },
} as FastifySchema

export const userSchema = {
  operationId: 'add-user',
  tags,
  summary: 'Make a user',
  body: {
    content: {
      'application/json': {
        schema: Type.Object({
          ...person,
          password: Password,
          role: Type.Optional(Type.String({ enum: [...ROLES], default: 'reader' })),
        }),
      },
    },
  },
  response: {
    201: jsonContent('Made.', Type.Object({ id: Type.String({ format: 'uuid' }) })),
    ...problemContents(400, 409, 413, 415, 429),
  },
} as FastifySchema

export const passwordSchema = {
  operationId: 'change-password',
  tags,
  summary: 'Change the own password',
  description: 'Ends every token that the user has, the one that was shown included.',
  body: { content: { 'application/json': { schema: Type.Object({ current: Type.String(), password: Password }) } } },
  response: { 204: { description: 'Changed.', type: 'null' }, ...problemContents(400, 413, 415, 429) },
} as FastifySchema

import type { FastifySchema } from 'fastify'
import { Type } from 'typebox'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { CompiledState } from '../../feed/state.ts'
import { jsonContent, pathParameters, problemContents } from './content.ts'

const CHANGES = Type.Object({
  key: Type.String(),
  from: Type.Integer({ minimum: 0 }),
  to: Type.Integer({ minimum: 1 }),
  changes: Type.Array(
    Type.Object({
      pointer: Type.String({ description: 'JSON Pointer (RFC 6901) into the state.' }),
      from: Type.Optional(Type.Unknown({ description: 'Not there where the value appears.' })),
      to: Type.Optional(Type.Unknown({ description: 'Not there where the value vanishes.' })),
    }),
  ),
})

export function stateChangesSchema(feed: CompiledFeed, state: CompiledState): FastifySchema {
  return {
    operationId: `changes-${feed.name}`,
    tags: [feed.name],
    summary: `What changed in one state of ${feed.name}`,
    description: 'Between two of its numbers, from what is known now. Lists are compared place by place.',
    params: pathParameters({ key: Type.String({ description: state.keyName }) }),
    querystring: Type.Object({
      from: Type.Optional(
        Type.Integer({ minimum: 0, description: 'Without it the number before `to`. 0: before anything was known.' }),
      ),
      to: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Without it the newest. Beyond the last number: 404.' }),
      ),
    }),
    response: { 200: jsonContent('The changes.', CHANGES), ...problemContents(400, 404) },
  } as FastifySchema
}

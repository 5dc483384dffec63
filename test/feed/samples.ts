import { type CompiledFeed, compileFeed } from '../../src/feed/compile.ts'
import type { FeedDeclaration } from '../../src/feed/declare.ts'
import { type DeclaredFeed, defineFeed } from '../../src/feed/declare.ts'
import { Type } from '../../src/index.ts'

export const compile = ({ declaration }: DeclaredFeed): CompiledFeed => compileFeed(declaration)

/** A declaration as somebody without types would write it. */
export const untyped = (declaration: unknown): DeclaredFeed => defineFeed(declaration as FeedDeclaration as never)

/** One of everything: for what the parser makes of each. */
export const everything = defineFeed({
  name: 'everything',
  source: { kind: 'http', path: '/everything' },
  event: Type.Object({
    key: Type.String(),
    number: Type.Integer(),
    whole: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
    real: Type.Optional(Type.Number()),
    small: Type.Optional(Type.Integer()),
    large: Type.Optional(Type.Integer()),
    words: Type.Optional(Type.Record(Type.String(), Type.String())),
    when: Type.Optional(Type.String()),
  }),
  identity: { key: 'key', sequence: 'number' },
  tables: {
    rows: {
      columns: {
        key: { type: 'text', path: 'key' },
        small: { type: 'integer', path: 'small' },
        large: { type: 'bigint', path: 'large' },
        real: { type: 'double', path: 'real' },
        upper: { type: 'text', compute: event => event.words?.a?.toUpperCase() },
      },
    },
  },
})

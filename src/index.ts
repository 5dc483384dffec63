/** What a feed file imports. */
export { type Static, type TSchema, Type } from 'typebox'
export {
  arrival,
  bigint,
  boolean,
  double,
  header,
  integer,
  json,
  numberOf,
  ordinal,
  serial,
  text,
  timestamp,
  uuid,
  uuid7,
} from './feed/column.ts'
export { at, type DeclaredFeed, defineFeed, variants } from './feed/declare.ts'
export { env } from './feed/env.ts'
export { poll } from './feed/poll.ts'
export { github, standardWebhooks, stripe } from './feed/signature.ts'
export { http, kafka } from './feed/source.ts'

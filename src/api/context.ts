import type { Engine } from '../engine/contract.ts'
import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { describe } from '../feed/path.ts'
import type { FeedLag } from '../sources/kafka/lag.ts'
import type { Query } from '../store/read/query.ts'
import { isStorable } from './parameters.ts'

/** What the routes answer from. */
export type ApiContext = {
  readonly engine: Engine
  readonly query: Query
  readonly feeds: ReadonlyMap<string, CompiledFeed>
  readonly lag: LagOf
}

/** How far behind a feed's topic is read; undefined for a feed that reads none. */
export type LagOf = (feed: string) => Promise<FeedLag | undefined>

export const notFound = (what: string) => new GroundstationError('NOT_FOUND', what)

/** The feed that a path names. Raises NOT_FOUND. */
export function feedOf({ feeds }: ApiContext, params: unknown): CompiledFeed {
  const { feed: name } = params as { feed: string }
  const feed = feeds.get(name)
  if (feed === undefined) throw notFound(`There is no feed ${name}.`)
  return feed
}

/** A key as the feed keeps it; undefined where no event can have it. */
export function keyOf(feed: CompiledFeed, text: string): string | undefined {
  if (!isStorable(text)) return undefined
  const { keyPath } = feed.identity
  const [schema] = feed.schemas.values()
  const isUuid = keyPath !== undefined && schema !== undefined && describe(schema, keyPath)?.schema.format === 'uuid'
  return isUuid ? text.toLowerCase() : text
}

import type { CompiledFeed } from '../../feed/compile.ts'

/** An event that was accepted before, from the bytes that were kept. Today's schema is not asked again. */
export function reparse(feed: CompiledFeed, raw: string): { event: unknown; type: string } {
  const event: unknown = JSON.parse(raw)
  return { event, type: feed.typeOf(event) }
}

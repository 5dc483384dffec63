import { asksForFacts, giveFacts, lacksFacts } from '../engine/late-facts.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { StoredFeed } from '../store/feed.ts'
import { loadLane } from '../store/replay/keys.ts'
import type { Client } from '../store/store.ts'
import { openBatch } from '../store/write/lanes.ts'

const PAGE = 1_000

export type FactsPart = {
  readonly client: Client
  readonly feed: CompiledFeed
  readonly stored: StoredFeed
  readonly key: { readonly id: number; readonly lane: number } | undefined
}

/**
 * Gives the events from before a column was declared what it asks for, lane by lane in the order in which they were
 * applied. A page is a transaction under its lane's lock, so stopping in the middle and starting again is safe.
 */
export async function giveLateFacts({ client, feed, stored, key }: FactsPart): Promise<void> {
  if (!asksForFacts(feed)) return
  const lanes = key === undefined ? Array.from({ length: stored.lanes }, (_, lane) => lane) : [key.lane]
  for (const lane of lanes)
    for (let after = 0; ; ) {
      const upTo = Number.MAX_SAFE_INTEGER
      const page = await loadLane(client, stored.id, { lane, keyId: key?.id, after, upTo }, PAGE)
      const last = page.at(-1)
      if (last === undefined) break
      const lacking = page.filter(event => lacksFacts(feed, event))
      const [first] = lacking
      if (first !== undefined) {
        await openBatch(client, stored.id, [lane])
        // Looked at again: a heal may have given some of them theirs meanwhile.
        const part = { lane, keyId: key?.id, after: first.position - 1, upTo: last.position }
        await giveFacts(client, feed, stored.id, await loadLane(client, stored.id, part, PAGE))
        await client.query('commit')
      }
      after = last.position
    }
}

import type { CompiledPoll } from '../../feed/poll.ts'
import { PollClient } from './client.ts'
import { fetchOnce } from './fetch.ts'
import { firstPlace, placeAfter } from './pages.ts'

/** What an API answers a poll's first request with. */
export type Probe = { readonly items: number; readonly hasMore: boolean; readonly ms: number }

/** Asks an API as a poll does first, once. Nothing is kept. Raises PageFailure. */
export async function probe(poll: CompiledPoll): Promise<Probe> {
  const client = new PollClient(poll)
  const startedMs = performance.now()
  try {
    const never = new AbortController().signal
    // Time and chance are for asking again.
    const chance = { delay: async () => undefined, random: () => 0 }
    const place = firstPlace(poll)
    const asked = { poll, client, chance, signal: never, conditions: {}, onRequest: () => undefined }
    const came = await fetchOnce(asked, place)
    const hasMore = placeAfter(poll.pages, place, came) !== undefined
    return { items: came.items, hasMore, ms: Math.round(performance.now() - startedMs) }
  } finally {
    await client.close()
  }
}

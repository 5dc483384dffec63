import { reparse } from '../engine/decide/reparse.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { START } from '../sequencer/cursor.ts'
import type { StoredFeed } from '../store/feed.ts'
import { deleteStrays, findOrphans } from '../store/replay/keys.ts'
import type { Client } from '../store/store.ts'
import { insertKeys, loadKeys } from '../store/write/keys.ts'
import { advanceLanes, openBatch } from '../store/write/lanes.ts'

const AT_ONCE = 500

/**
 * Gives keys that are on the record and have no row their row back, empty: the fold that follows fills it. A key that has
 * come again under another id stays as it is. Returns how many.
 */
export async function restoreKeys(client: Client, feed: CompiledFeed, stored: StoredFeed): Promise<number> {
  const lanes = Array.from({ length: stored.lanes }, (_, lane) => lane)
  let restored = 0
  for (;;) {
    if ((await findOrphans(client, stored.id, 1)).length === 0) break
    const opened = await openBatch(client, stored.id, lanes)
    const orphans = await findOrphans(client, stored.id, AT_ONCE)
    const named = orphans.map(one => ({ ...one, key: feed.identity.keyOf?.(reparse(feed, one.raw).event) ?? '' }))
    const taken = new Set(
      (
        await loadKeys(
          client,
          stored.id,
          named.map(({ key }) => key),
        )
      ).map(({ key }) => key),
    )
    const fresh = named.filter(({ key }) => key !== '' && !taken.has(key))
    if (fresh.length === 0) {
      await client.query('rollback')
      break
    }
    await insertKeys(
      client,
      stored.id,
      // A generation of none: what it says is no state yet.
      fresh.map(({ id, key }) => ({
        id,
        lane: id % stored.lanes,
        key,
        cursor: START,
        events: 0,
        generation: 0,
        time: null,
        digest: null,
        rawDigest: null,
        rank: null,
        state: null,
      })),
    )
    await advanceLanes(client, stored.id, [...opened.lanes.values()])
    await client.query('commit')
    restored += fresh.length
  }
  await deleteStrays(client, stored.id)
  return restored
}

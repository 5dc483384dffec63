import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { registerFeed, type StoredFeed } from '../store/feed.ts'
import { countKeys, type KeyName, nextKeys } from '../store/replay/keys.ts'
import { deleteUnknown } from '../store/replay/rows.ts'
import { type Client, failureKind } from '../store/store.ts'
import { findFeed } from '../store/verify/feed.ts'
import { countRecord } from '../store/verify/record.ts'
import { loadKeys } from '../store/write/keys.ts'
import { replayEachTables } from './each.ts'
import { giveLateFacts } from './facts.ts'
import { isUuidKey } from './identity.ts'
import { type KeysPart, replayKeys } from './keys.ts'
import { LatestTables } from './latest.ts'
import { ReplayCounts, type ReplayOptions, type ReplayReport } from './report.ts'
import { restoreKeys } from './restore.ts'

/** Keys and events of one transaction: a lane waits no longer than folding them takes, unless one key has more. */
const KEYS_AT_ONCE = 200
const EVENTS_AT_ONCE = 10_000
const ATTEMPTS = 5

/**
 * Rebuilds what was made of the record, from the record, while the feed is served: by any process, for it goes by the
 * lanes' locks alone. What is right already isn't touched, so stopping in the middle and starting again is safe.
 * Errors: NOT_FOUND, DECLARATION_OLDER, STORE_UNREACHABLE.
 */
export function replayFeed(options: ReplayOptions): Promise<ReplayReport> {
  const { store, feed, key, only, dry = false } = options
  const counts = new ReplayCounts()
  return store.withClient(async client => {
    const stored = await storedOf(client, options)
    const { isKeyed } = feed.identity
    const wanted = key === undefined ? undefined : (await loadKeys(client, stored.id, [key]))[0]
    if (key !== undefined && wanted === undefined)
      throw new GroundstationError('NOT_FOUND', `The feed ${feed.name} has no key ${key}`)
    if (!dry && only !== 'state') await again(client, () => giveLateFacts({ client, feed, stored, key: wanted }))
    if (isKeyed) {
      if (key === undefined && !dry && only !== 'tables') counts.keysRestored = await restoreKeys(client, feed, stored)
      const part: KeysPart = {
        client,
        feed,
        stored,
        from: options.from ?? 1,
        dry,
        isState: only !== 'tables',
        latest: only === 'state' ? undefined : await LatestTables.of(client, feed, stored, counts),
        counts,
      }
      if (wanted !== undefined) await again(client, () => replayKeys(part, wanted.lane, [wanted.key]))
      else if (part.isState || part.latest !== undefined) await replayLanes(part, options)
    }
    if (only === 'state') return counts.reportOf(feed.name, dry)
    if (isKeyed && wanted === undefined && !dry) await deleteUnknownRows(client, feed, stored, counts)
    const of = await countRecord(client, stored.id)
    const onEvents = (done: number) => options.onProgress?.({ step: 'tables', done, of })
    await again(client, () => replayEachTables({ client, feed, stored, key: wanted, dry, counts, onEvents }))
    return counts.reportOf(feed.name, dry)
  })
}

/** A dry run registers nothing: a declaration that is new would be the next generation. */
async function storedOf(client: Client, { store, feed, dry }: ReplayOptions): Promise<StoredFeed> {
  const known = await findFeed(client, feed.name)
  if (known === undefined)
    throw new GroundstationError('NOT_FOUND', `Nothing of the feed ${feed.name} is in this database`)
  if (dry !== true) return registerFeed(store, feed)
  const newest = Math.max(0, ...known.fingerprints.keys())
  const isKnown = known.fingerprints.get(newest) === feed.fingerprint
  const { id, lanes, laneHash } = known
  return { id, lanes, laneHash, generation: isKnown ? newest : newest + 1 }
}

async function replayLanes(part: KeysPart, { onProgress }: ReplayOptions): Promise<void> {
  const { client, stored } = part
  const of = await countKeys(client, stored.id)
  let done = 0
  for (let lane = 0; lane < stored.lanes; lane++) {
    for (let after = -1; ; ) {
      const keys = await nextKeys(client, stored.id, lane, after, KEYS_AT_ONCE)
      if (keys.length === 0) break
      const some = upTo(keys, EVENTS_AT_ONCE)
      const names = some.map(({ key }) => key)
      await again(client, () => replayKeys(part, lane, names))
      after = some.at(-1)?.id ?? after
      done += some.length
      onProgress?.({ step: 'keys', done, of })
    }
  }
}

/** The first keys that have so many events together; one at least. */
function upTo(keys: readonly KeyName[], limit: number): readonly KeyName[] {
  let events = 0
  const end = keys.findIndex(key => {
    events += key.events
    return events > limit
  })
  return end === -1 ? keys : keys.slice(0, Math.max(1, end))
}

async function deleteUnknownRows(
  client: Client,
  feed: CompiledFeed,
  stored: StoredFeed,
  counts: ReplayCounts,
): Promise<void> {
  for (const table of feed.tables)
    if (table.rows === 'latest' && table.keyColumn !== undefined) {
      const deleted = await deleteUnknown(client, table, table.keyColumn, isUuidKey(feed), stored.id)
      if (deleted > 0) counts.addRows(`${table.schema}.${table.name}`, 0, deleted)
    }
}

/** Tries a transaction again where another was in its way. */
async function again(client: Client, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (failureKind(error) !== 'retry' || attempt === ATTEMPTS) throw error
      await client.query('rollback')
    }
  }
}

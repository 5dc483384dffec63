import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { canonical } from '../feed/same.ts'
import type { Client, Store } from '../store/store.ts'
import { allowMissing, compare, makeComparison, readDifferences } from '../store/verify/difference.ts'
import { findFeed, type KnownFeed } from '../store/verify/feed.ts'
import { BEGIN_LOOK, countMissing, countRecord, findBreaks, findOffsets, findStrays } from '../store/verify/record.ts'
import { Differences, type VerifyReport } from './report.ts'
import { type Expected, ExpectedRows } from './rows.ts'
import { Walk } from './walk.ts'

export type VerifyProgress = { readonly events: number; readonly of: number }
export type VerifyOptions = {
  readonly store: Store
  readonly feed: CompiledFeed
  readonly onProgress?: (progress: VerifyProgress) => void
  /** How many differences are named; all are counted. */
  readonly limit?: number
}

const LIMIT = 20

/**
 * Folds the record again, with code of its own, and compares all that was made of it: cursors, states, snapshots, tables.
 * One look at one moment, so what is written meanwhile makes no difference. Errors: NOT_FOUND, STORE_UNREACHABLE.
 */
export function verifyFeed({ store, feed, onProgress, limit = LIMIT }: VerifyOptions): Promise<VerifyReport> {
  return store.withClient(async client => {
    await client.query(BEGIN_LOOK)
    const known = await findFeed(client, feed.name)
    if (known === undefined)
      throw new GroundstationError('NOT_FOUND', `Nothing of the feed ${feed.name} is in this database`)
    const differences = new Differences(limit)
    await checkRecord(client, feed, known, differences)
    const rows = await ExpectedRows.of(client, feed, known.id, differences)
    for (const { comparison } of rows.expected) await makeComparison(client, comparison)
    const of = await countRecord(client, known.id)
    const walk = new Walk(client, feed, known, differences, rows)
    const events = await walk.go(done => onProgress?.({ events: done, of }))
    for (const expected of rows.expected) await checkTable(client, feed, expected, differences)
    const missing = await countMissing(client, { id: known.id, name: feed.name })
    // The temporary tables go with it.
    await client.query('rollback')
    return {
      feed: feed.name,
      events,
      keys: walk.keys,
      rows: rows.rows,
      ...missing,
      differences: differences.named,
      differenceCount: differences.count,
    }
  })
}

async function checkRecord(
  client: Client,
  feed: CompiledFeed,
  { id }: KnownFeed,
  differences: Differences,
): Promise<void> {
  const { count, breaks } = await findBreaks(client, id, differences.limit)
  for (const { lane, position, next } of breaks) {
    const what = next === position ? 'repeated' : next === null ? 'added' : 'removed'
    const from = what === 'removed' ? position + 1 : position
    differences.add({ place: 'record', what, found: { lane, position: from } })
  }
  differences.addUnnamed(count - breaks.length)
  for (const { source, offset, times } of await findOffsets(client, id))
    differences.add({ place: 'record', what: times > 1 ? 'repeated' : 'added', found: { source, offset, times } })
  if (!feed.identity.isKeyed) return
  const { keyless, lanes } = await findStrays(client, id)
  if (keyless > 0) differences.add({ place: 'record', what: 'changed', found: { eventsWithoutKey: keyless } })
  for (const lane of lanes)
    differences.add({ place: 'lane', what: 'changed', found: { lane, keys: 'fewer than there are' } })
}

async function checkTable(
  client: Client,
  feed: CompiledFeed,
  expected: Expected,
  differences: Differences,
): Promise<void> {
  const { comparison, place, exists, keyColumn } = expected
  if (!exists) return differences.add({ place, what: 'removed' })
  await compare(client, comparison)
  // With a horizon ids are forgotten, on purpose.
  if (place === 'seen' && feed.identity.horizonMs !== undefined) await allowMissing(client, comparison)
  const { count, rows } = await readDifferences(client, comparison, differences.limit)
  const before = differences.count
  const names = comparison.key.map(name => name.slice(1, -1))
  const groups = new Map<string, typeof rows>()
  for (const [index, one] of rows.entries()) {
    const group = names.length === 0 ? String(index) : canonical(names.map(name => one.row[name] ?? null))
    groups.set(group, [...(groups.get(group) ?? []), one])
  }
  for (const group of groups.values()) {
    const missing = group.find(one => one.missing > 0)
    const surplus = group.find(one => one.missing < 0)
    const what = missing === undefined ? 'added' : surplus === undefined ? 'removed' : 'changed'
    const key = keyColumn === undefined ? undefined : (missing ?? surplus)?.row[keyColumn]
    differences.add({
      place,
      what,
      ...(key === undefined || key === null ? {} : { key: String(key) }),
      ...(missing === undefined ? {} : { expected: missing.row }),
      ...(surplus === undefined ? {} : { found: surplus.row }),
    })
  }
  differences.addUnnamed(Math.max(0, count - (differences.count - before)))
}

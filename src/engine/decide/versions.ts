import type { RankOf } from '../../feed/rank.ts'
import type { Batch } from '../batch.ts'
import type { MutableKey } from '../effects.ts'
import { highestRank } from '../latest.ts'
import { ACCEPTED, type EventWork } from '../work.ts'
import { groupByKey, resolveKeys } from './keys.ts'
import { versionOf } from './snapshot.ts'

/**
 * Versions of objects, each new by its id: numbered as they come, and the latest is the one with the highest rank, whatever
 * came first. One below it is late: it goes on the record and leaves the key's row as it is.
 */
export async function decideVersions(batch: Batch, works: readonly EventWork[], rankOf: RankOf): Promise<void> {
  const groups = groupByKey(works)
  const keys = await resolveKeys(batch, groups)
  for (const { name, works: versions } of groups.values()) {
    const key = keys.get(name)
    if (key === undefined) continue
    const isRankedAgain = await rankAgain(batch, key)
    for (const work of versions) {
      if (work.kind !== 'event') continue
      const rank = rankOf(work.parsed.event)
      const isLate = key.rank !== null && rank.compare(key.rank) < 0
      if (!isLate) key.rank = rank
      key.cursor = { ...key.cursor, frontier: key.cursor.frontier + 1 }
      const applied = versionOf(batch, work, { key, version: key.cursor.frontier, isLate: isLate || isRankedAgain })
      batch.effects.applied.push(applied)
      key.time = applied.time
      key.events++
      work.outcome = ACCEPTED
    }
    batch.effects.keys.push(key)
  }
}

/** Ranked by an older declaration, a key's versions may have another order now: the record is asked, for its rows as well. */
async function rankAgain({ client, feed, stored, effects }: Batch, key: MutableKey): Promise<boolean> {
  if (key.generation === stored.generation) return false
  key.rank = await highestRank(client, feed, stored.id, key.id)
  key.generation = stored.generation
  effects.unsettled.add(key.id)
  return true
}

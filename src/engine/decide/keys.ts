import { START } from '../../sequencer/cursor.ts'
import type { Key } from '../../sequencer/key.ts'
import { loadKeys } from '../../store/write/keys.ts'
import type { Batch } from '../batch.ts'
import type { MutableKey } from '../effects.ts'
import type { DismissalWork, EventWork, RefoldWork, ReleaseWork } from '../work.ts'

export type KeyedWork = EventWork | DismissalWork | ReleaseWork | RefoldWork

/** One key's part of a batch. */
export type Group = { readonly name: string; readonly lane: number; readonly works: KeyedWork[] }

export const keyOf = (work: KeyedWork): string => (work.kind === 'event' ? work.parsed.key : work.key)

export function groupByKey(works: readonly KeyedWork[]): Map<string, Group> {
  const groups = new Map<string, Group>()
  for (const work of works) {
    const name = keyOf(work)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { name, lane: work.lane, works: [work] })
    else group.works.push(work)
  }
  return groups
}

/** Each key as it stands, from memory or from its row; one that is new gets the next id of its lane. */
export async function resolveKeys(batch: Batch, groups: ReadonlyMap<string, Group>): Promise<Map<string, MutableKey>> {
  const resolved = new Map<string, MutableKey>()
  const unknown: string[] = []
  for (const { name, lane } of groups.values()) {
    const key = batch.memories.get(lane)?.get(name)
    if (key === undefined) unknown.push(name)
    else resolved.set(name, { ...key, isNew: false })
  }
  if (unknown.length > 0)
    for (const key of await loadKeys(batch.client, batch.stored.id, unknown))
      resolved.set(key.key, { ...key, isNew: false })
  for (const name of unknown) {
    const group = groups.get(name)
    if (!resolved.has(name) && group !== undefined) resolved.set(name, newKey(batch, group))
  }
  return resolved
}

function newKey(batch: Batch, { name, lane }: Group): MutableKey {
  const given = batch.effects.newKeys.get(lane) ?? 0
  batch.effects.newKeys.set(lane, given + 1)
  const ordinal = (batch.opened.lanes.get(lane)?.keys ?? 0) + given
  const key: Key = {
    id: ordinal * batch.stored.lanes + lane,
    lane,
    key: name,
    cursor: START,
    events: 0,
    generation: batch.stored.generation,
    time: null,
    digest: null,
    rawDigest: null,
    rank: null,
    state: batch.feed.state?.initial ?? null,
  }
  return { ...key, isNew: true }
}

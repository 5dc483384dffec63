import type { LaneHash } from '../../sequencer/lane.ts'
import type { Client } from '../store.ts'

/** A feed as the database knows it; nothing is made or registered by looking. */
export type KnownFeed = {
  readonly id: number
  readonly lanes: number
  readonly laneHash: LaneHash
  /** Of every declaration that ever folded its states, by generation. */
  readonly fingerprints: ReadonlyMap<number, string>
}

export async function findFeed(client: Client, name: string): Promise<KnownFeed | undefined> {
  const { rows } = await client.query<Omit<KnownFeed, 'fingerprints'>>(
    'select id, lanes, lane_hash as "laneHash" from groundstation.feed where name = $1',
    [name],
  )
  const [feed] = rows
  if (feed === undefined) return undefined
  const generations = await client.query<{ generation: number; fingerprint: string }>(
    'select generation, fingerprint from groundstation.generation where feed = $1 order by generation',
    [feed.id],
  )
  return { ...feed, fingerprints: new Map(generations.rows.map(row => [row.generation, row.fingerprint])) }
}

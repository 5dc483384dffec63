import type { Client } from '../store.ts'

export type LockedLane = {
  readonly lane: number
  readonly position: number
  readonly version: number
  readonly keys: number
  readonly generation: number
}
export type Opened = {
  readonly lanes: ReadonlyMap<number, LockedLane>
  readonly nowMicros: number
  readonly transaction: string
}

/**
 * Begins a transaction and locks the lanes, in their order, so that no two batches wait for each other in a circle. The
 * clock is read when the locks are held. One round trip: the numbers are the engine's own, so they can stand in the text.
 */
export async function openBatch(client: Client, feed: number, lanes: readonly number[]): Promise<Opened> {
  const list = [...lanes].sort((a, b) => a - b).join(',')
  const results: unknown = await client.query(
    `begin; select lane, position, version, keys, generation from groundstation.lane where feed = ${feed} and lane in (${list}) order by lane for update;
     select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now, pg_current_xact_id()::text as transaction`,
  )
  const [, locked, clock] = results as [
    unknown,
    { rows: LockedLane[] },
    { rows: { now: number; transaction: string }[] },
  ]
  return {
    lanes: new Map(locked.rows.map(row => [row.lane, row])),
    nowMicros: clock.rows[0]?.now ?? 0,
    transaction: clock.rows[0]?.transaction ?? '',
  }
}

export type LaneChange = {
  readonly lane: number
  readonly position: number
  readonly keys: number
  readonly generation: number
}

/** Moves the lanes on; every transaction that changes a key of a lane counts its version up. */
export async function advanceLanes(client: Client, feed: number, changes: readonly LaneChange[]): Promise<void> {
  await client.query({
    name: 'advance-lanes',
    text: `update groundstation.lane l set position = c.position, keys = c.keys, generation = c.generation, version = l.version + 1
      from unnest($2::smallint[], $3::bigint[], $4::bigint[], $5::integer[]) as c (lane, position, keys, generation)
      where l.feed = $1 and l.lane = c.lane`,
    values: [
      feed,
      changes.map(change => change.lane),
      changes.map(change => change.position),
      changes.map(change => change.keys),
      changes.map(change => change.generation),
    ],
  })
}

/** What became of a transaction whose commit was not answered. */
export async function transactionStatus(
  client: Client,
  transaction: string,
): Promise<'committed' | 'aborted' | 'in progress' | null> {
  const { rows } = await client.query('select pg_xact_status($1::xid8) as status', [transaction])
  return rows[0]?.status ?? null
}

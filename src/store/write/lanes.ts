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
  /** Its number, and the server's life in which it is valid: `transactionStatus` takes both. */
  readonly transaction: string
}

/**
 * When the server last began to count from nothing, which it does after each crash. A crash takes back the numbers of
 * transactions that had written nothing out, and gives them to others.
 */
const LIFE = `coalesce(pg_stat_get_bgwriter_stat_reset_time()::text, '')`

type LockedRow = LockedLane & { readonly now: number; readonly transaction: string }

/**
 * Begins a transaction and locks the lanes, in their order, so that no two batches wait for each other in a circle. The
 * clock is read when the locks are held: outside the part that locks, once a row has come out of it.
 */
export async function openBatch(client: Client, feed: number, lanes: readonly number[]): Promise<Opened> {
  const begun = client.query('begin')
  const locked = client.query<LockedRow>({
    name: 'open-batch',
    text: `with locked as materialized (
        select lane, position, version, keys, generation from groundstation.lane
        where feed = $1 and lane = any($2::smallint[]) order by lane for update)
      select *, (extract(epoch from clock_timestamp()) * 1000000)::bigint as now, pg_current_xact_id()::text || ' ' || ${LIFE} as transaction
      from locked`,
    values: [feed, lanes],
  })
  const [, { rows }] = await Promise.all([begun, locked])
  return {
    lanes: new Map(rows.map(({ now: _now, transaction: _transaction, ...lane }) => [lane.lane, lane])),
    nowMicros: rows.at(-1)?.now ?? 0,
    transaction: rows.at(-1)?.transaction ?? '',
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

/** What became of a transaction whose commit was not answered; null where nobody knows: long past, or before a crash. */
export async function transactionStatus(
  client: Client,
  transaction: string,
): Promise<'committed' | 'aborted' | 'in progress' | null> {
  const space = transaction.indexOf(' ')
  const { rows } = await client.query(`select case when ${LIFE} = $2 then pg_xact_status($1::xid8) end as status`, [
    transaction.slice(0, space),
    transaction.slice(space + 1),
  ])
  return rows[0]?.status ?? null
}

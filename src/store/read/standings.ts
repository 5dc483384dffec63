import type { Standing } from '../../feed/state.ts'
import { PAGE_BYTES_MAX, type Query, type Row } from './query.ts'
import { STANDING, standingOf } from './states.ts'

/** A key's state and how far its lane went at that moment. */
export type StandingAt = {
  readonly keyId: number
  readonly lane: number
  readonly position: number
  readonly standing: Standing
}

export async function findStanding(query: Query, feed: number, key: string): Promise<StandingAt | undefined> {
  const { rows } = await query(
    `select k.id as "keyId", k.lane, l.position, ${STANDING} from groundstation.key_${feed} k
     join groundstation.lane l on l.feed = $1 and l.lane = k.lane where k.key = $2 and k.events > 0 and k.frontier > 0`,
    [feed, key],
    `find-standing-${feed}`,
  )
  const [row] = rows
  if (row === undefined) return undefined
  return { keyId: Number(row.keyId), lane: Number(row.lane), position: Number(row.position), standing: standingOf(row) }
}

/** Some keys' states by the keys' numbers, and how far each lane went at that moment. */
export type StandingsPage = {
  readonly positions: readonly number[]
  readonly items: readonly { readonly keyId: number; readonly standing: Standing }[]
  /** Whether no key follows. */
  readonly isLast: boolean
}

const BYTES_MAX = PAGE_BYTES_MAX / 32

/** States of the keys that follow a number: so many at most, and no more bytes than a small page has, but one in any case. */
export async function listStandings(query: Query, feed: number, after: number, limit: number): Promise<StandingsPage> {
  const { rows } = await query(
    `with place as materialized (
       select array_agg(position::float8 order by lane) as positions from groundstation.lane where feed = $1
     ), page as (
       select *, sum(octet_length(state::text)) over (order by "keyId") - octet_length(state::text) as before
       from (select k.id as "keyId", ${STANDING} from groundstation.key_${feed} k
         where k.id > $2 and k.events > 0 and k.frontier > 0 order by k.id limit $3) as k
     )
     select p.positions, k.* from place p left join page k on k.before is null or k.before < ${BYTES_MAX} order by k."keyId"`,
    [feed, after, limit],
    `list-standings-${feed}`,
  )
  const items = rows.flatMap(row => (row.keyId === null ? [] : [itemOf(row)]))
  return { positions: (rows[0]?.positions ?? []) as number[], items, isLast: items.length === 0 }
}

const itemOf = (row: Row) => ({ keyId: Number(row.keyId), standing: standingOf(row) })

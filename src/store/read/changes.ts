import type { StateValue } from '../../feed/state.ts'
import { PAGE_BYTES_MAX, type Query } from './query.ts'
import { COMPLETE, LAST } from './states.ts'

/** A part of one lane: what follows `after`, up to and with `upTo`. */
export type LaneSpan = { readonly lane: number; readonly after: number; readonly upTo: number }

export type LanePosition = { readonly lane: number; readonly position: number; readonly generation: number }

/** How far the record goes: every lane at one moment. */
export async function loadPositions(query: Query, feed: number): Promise<LanePosition[]> {
  const { rows } = await query(
    'select lane, position, generation from groundstation.lane where feed = $1 order by lane',
    [feed],
    'load-positions',
  )
  return rows as LanePosition[]
}

/** A key's row, where it is what the key's last event of a page left: nothing of its lane has followed. */
export type RowNow = {
  readonly sequence: number
  readonly events: number
  readonly time: string | null
  readonly state: StateValue | null
  readonly complete: boolean
  readonly generation: number
}

export type ChangeRow = {
  readonly lane: number
  readonly position: number
  readonly keyId: number
  /** Null for a key whose row is gone. */
  readonly key: string | null
  readonly sequence: number
  readonly raw: string
  readonly voided: readonly (readonly [number, number])[] | null
  readonly now: RowNow | null
}

/**
 * The events of some lanes' parts, each lane in its order, as far as a page's bytes go. One statement, and so one moment:
 * a key's row belongs to the last event of its lane.
 */
export async function loadChanges(query: Query, feed: number, spans: readonly LaneSpan[]): Promise<ChangeRow[]> {
  const { rows } = await query(
    `with asked as materialized (
       select a.lane, a.after, a.up_to, l.position as top
       from unnest($2::smallint[], $3::bigint[], $4::bigint[]) as a (lane, after, up_to)
       join groundstation.lane l on l.feed = $1 and l.lane = a.lane
     ), page as (
       select e.*, a.top, sum(octet_length(e.raw)) over (order by e.lane, e.position) - octet_length(e.raw) as before
       from asked a cross join lateral (
         select lane, position, key_id, sequence, raw from groundstation.event_${feed} e
         where e.lane = a.lane and e.position > a.after and e.position <= a.up_to order by e.position limit $5) as e
     ), cut as (
       select *, max(position) over (partition by lane) = top and max(position) over (partition by key_id) = position as is_now
       from page where before < ${PAGE_BYTES_MAX}
     )
     select c.lane, c.position, c.key_id as "keyId", k.key, c.sequence, c.raw, k.spans -> 'voided' as voided,
       case when c.is_now and k.id is not null then jsonb_build_object('sequence', ${LAST}, 'events', k.events, 'time', k.time,
         'complete', ${COMPLETE}, 'generation', k.generation) end as now,
       case when c.is_now then k.state end as state
     from cut c left join groundstation.key_${feed} k on k.id = c.key_id order by c.lane, c.position`,
    [
      feed,
      spans.map(({ lane }) => lane),
      spans.map(({ after }) => after),
      spans.map(({ upTo }) => upTo),
      Math.max(0, ...spans.map(({ after, upTo }) => upTo - after)),
    ],
    `load-changes-${feed}`,
  )
  return rows.map(({ now, state, ...row }) => ({
    ...(row as Omit<ChangeRow, 'now'>),
    now: now === null ? null : ({ ...(now as object), state } as RowNow),
  }))
}

/** A key as it was when its lane stood at a position. */
export type Wanted = { readonly keyId: number; readonly lane: number; readonly at: number }

export type Base = {
  readonly sequence: number
  readonly events: number
  readonly time: string | null
  readonly state: StateValue
}

/**
 * For each, the newest snapshot of this generation below all that came later; undefined where there is none. What came late
 * is in the snapshots above it, which are no longer what they were.
 */
export async function loadBases(
  query: Query,
  feed: number,
  generation: number,
  wanted: readonly Wanted[],
): Promise<(Base | undefined)[]> {
  const { rows } = await query(
    `with wanted as materialized (
       select * from unnest($3::bigint[], $4::smallint[], $5::bigint[]) with ordinality as w (key_id, lane, at, number)
     ), later as materialized (
       select e.key_id, e.position, e.sequence
       from (select lane, min(at) as at from wanted group by lane) as w
       join groundstation.lane l on l.feed = $1 and l.lane = w.lane
       cross join lateral (
         select key_id, position, sequence from groundstation.event_${feed} e
         where e.lane = w.lane and e.position > w.at and e.position <= l.position order by e.position limit l.position - w.at) as e
     ), lowest as (
       select w.number, w.key_id, min(l.sequence) as below
       from wanted w left join later l on l.key_id = w.key_id and l.position > w.at group by w.number, w.key_id
     )
     select s.* from lowest w left join lateral (
       select sequence, events, time, state from groundstation.snapshot s
       where s.feed = $1 and s.key_id = w.key_id and s.generation = $2 and (w.below is null or s.sequence < w.below)
       order by sequence desc limit 1) as s on true
     order by w.number`,
    [feed, generation, ...columnsOf(wanted)],
    `load-bases-${feed}`,
  )
  return rows.map(row => (row.sequence === null ? undefined : (row as Base)))
}

export type KeyHistory = { readonly number: number; readonly sequence: number; readonly raw: string }

/** The events of these keys that were on the record at their moment, above a number, in their order; a page. `number` counts from 1. */
export async function loadHistories(
  query: Query,
  feed: number,
  wanted: readonly (Wanted & { readonly above: number })[],
  limit: number,
): Promise<KeyHistory[]> {
  const { rows } = await query(
    `select number, sequence, raw from (
       select w.number, e.sequence, e.raw,
         sum(octet_length(e.raw)) over (order by w.number, e.sequence) - octet_length(e.raw) as before
       from unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bigint[]) with ordinality as w (key_id, lane, at, above, number)
       cross join lateral (
         select sequence, raw from groundstation.event_${feed} e
         where e.key_id = w.key_id and e.sequence > w.above and e.position <= w.at order by e.sequence limit $5) as e
       order by w.number, e.sequence limit $5
     ) as page where before < ${PAGE_BYTES_MAX} order by number, sequence`,
    [...columnsOf(wanted), wanted.map(({ above }) => above), limit],
    `load-histories-${feed}`,
  )
  return rows as KeyHistory[]
}

const columnsOf = (wanted: readonly Wanted[]) => [
  wanted.map(({ keyId }) => keyId),
  wanted.map(({ lane }) => lane),
  wanted.map(({ at }) => at),
]

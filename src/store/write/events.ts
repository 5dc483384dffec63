import { type ArrayType, Rows, type RowsMode } from '../binary-rows.ts'
import type { Facts } from '../facts.ts'
import { PAGE_BYTES_MAX } from '../read/query.ts'
import type { Client } from '../store.ts'
import { writeRows } from './copy.ts'

export type EventRow = {
  readonly position: number
  readonly keyId: number | undefined
  readonly sequence: number
  /** Microseconds since 1970; kept where it is earlier than the moment of recording. */
  readonly arrivedMicros: number
  readonly source: number | undefined
  readonly offset: number | undefined
  readonly lane: number
  readonly facts: Facts | undefined
  readonly raw: Uint8Array
}

export const POSTGRES_EPOCH_MICROS = 946_684_800_000_000

const COLUMNS = [
  'position',
  'key_id',
  'sequence',
  'recorded',
  'arrived',
  'source_offset',
  'source',
  'feed',
  'lane',
  'facts',
  'raw',
]
const TYPES: readonly ArrayType[] = [
  'bigint',
  'bigint',
  'bigint',
  'timestamp',
  'timestamp',
  'bigint',
  'integer',
  'smallint',
  'smallint',
  'json',
  'text',
]

/** Puts events on the record, into the leaf of the moment at which the batch arrived. */
export async function insertEvents(
  client: Client,
  feed: number,
  leaf: string,
  recordedMicros: number,
  events: readonly EventRow[],
  mode: RowsMode = 'copy',
): Promise<void> {
  const rows = new Rows(mode, TYPES, events.length * 400)
  const recorded = recordedMicros - POSTGRES_EPOCH_MICROS
  for (const event of events) {
    rows.row()
    rows.next().bigintField(event.position)
    if (event.keyId === undefined) rows.next().null()
    else rows.next().bigintField(event.keyId)
    rows.next().bigintField(event.sequence)
    rows.next().bigintField(recorded)
    if (event.arrivedMicros === recordedMicros) rows.next().null()
    else rows.next().bigintField(event.arrivedMicros - POSTGRES_EPOCH_MICROS)
    if (event.offset === undefined) rows.next().null()
    else rows.next().bigintField(event.offset)
    if (event.source === undefined) rows.next().null()
    else rows.next().integerField(event.source)
    rows.next().smallintField(feed)
    rows.next().smallintField(event.lane)
    if (event.facts === undefined) rows.next().null()
    else rows.next().jsonbField(JSON.stringify(event.facts))
    rows.next().bytesField(event.raw)
  }
  await writeRows(client, { table: `groundstation.${leaf}`, columns: COLUMNS, types: TYPES }, rows)
}

export type StoredEvent = { readonly keyId: number; readonly sequence: number; readonly raw: string }

/** The events on the record under these keys and numbers. */
export async function findEvents(
  client: Client,
  feed: number,
  wanted: readonly { keyId: number; sequence: number }[],
): Promise<StoredEvent[]> {
  const { rows } = await client.query<StoredEvent>({
    name: `find-events-${feed}`,
    text: `select e.key_id as "keyId", e.sequence, e.raw from unnest($1::bigint[], $2::bigint[]) as w (key_id, sequence)
      cross join lateral (select key_id, sequence, raw from groundstation.event_${feed} e
        where e.key_id = w.key_id and e.sequence = w.sequence) as e`,
    values: [wanted.map(one => one.keyId), wanted.map(one => one.sequence)],
  })
  return rows
}

/** A key's events from after one number up to another, in their order; a page, of so many bytes at most, but one event in any case. */
export async function loadKeyEvents(
  client: { query: Client['query'] },
  feed: number,
  keyId: number,
  after: number,
  upTo: number,
  limit: number,
): Promise<{ sequence: number; raw: string }[]> {
  const { rows } = await client.query<{ sequence: number; raw: string }>({
    name: `load-key-events-${feed}`,
    text: `select sequence, raw from (
        select sequence, raw, sum(octet_length(raw)) over (order by sequence) - octet_length(raw) as before from (
          select sequence, raw from groundstation.event_${feed}
          where key_id = $1 and sequence > $2 and sequence <= $3 order by sequence limit $4
        ) as page
      ) as sized where before < ${PAGE_BYTES_MAX} order by sequence`,
    values: [keyId, after, upTo, limit],
  })
  return rows
}

/** Keeps facts with events that are on the record already. */
export async function keepFacts(
  client: Client,
  feed: number,
  events: readonly { readonly lane: number; readonly position: number; readonly facts: Facts }[],
): Promise<void> {
  await client.query({
    name: `keep-facts-${feed}`,
    text: `update groundstation.event_${feed} e set facts = g.facts
      from unnest($1::smallint[], $2::bigint[], $3::jsonb[]) as g (lane, position, facts)
      where e.lane = g.lane and e.position = g.position`,
    values: [
      events.map(event => event.lane),
      events.map(event => event.position),
      events.map(event => JSON.stringify(event.facts)),
    ],
  })
}

import type { Client } from '../store.ts'

type StoredHeld = { readonly keyId: number; readonly sequence: number; readonly raw: string }
/** Arrived in microseconds since 1970. */
export type HeldRow = StoredHeld & { readonly arrivedMicros: number }
export type KeySpan = { readonly keyId: number; readonly from: number; readonly to: number }

export async function insertHeld(client: Client, feed: number, rows: readonly HeldRow[]): Promise<void> {
  await client.query({
    name: 'insert-held',
    text: `insert into groundstation.held_event (feed, key_id, sequence, arrived, raw)
      select $1, h.key_id, h.sequence, timestamptz 'epoch' + h.arrived * interval '1 microsecond', h.raw
      from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) as h (arrived, key_id, sequence, raw)`,
    values: [
      feed,
      rows.map(row => row.arrivedMicros),
      rows.map(row => row.keyId),
      rows.map(row => row.sequence),
      rows.map(row => row.raw),
    ],
  })
}

/** Takes what was held within these spans, to be applied. */
export async function takeHeld(client: Client, feed: number, spans: readonly KeySpan[]): Promise<HeldRow[]> {
  const { rows } = await client.query<HeldRow>({
    name: 'take-held',
    text: `delete from groundstation.held_event h
      using unnest($2::bigint[], $3::bigint[], $4::bigint[]) as s (key_id, first_number, last_number)
      where h.feed = $1 and h.key_id = s.key_id and h.sequence between s.first_number and s.last_number
      returning h.key_id as "keyId", h.sequence, h.raw, (extract(epoch from h.arrived) * 1000000)::bigint as "arrivedMicros"`,
    values: [feed, spans.map(span => span.keyId), spans.map(span => span.from), spans.map(span => span.to)],
  })
  return rows
}

export async function findHeld(
  client: Client,
  feed: number,
  wanted: readonly { keyId: number; sequence: number }[],
): Promise<StoredHeld[]> {
  const { rows } = await client.query<StoredHeld>({
    name: 'find-held',
    text: `select h.key_id as "keyId", h.sequence, h.raw from groundstation.held_event h
      join unnest($2::bigint[], $3::bigint[]) as w (key_id, sequence) on h.key_id = w.key_id and h.sequence = w.sequence
      where h.feed = $1`,
    values: [feed, wanted.map(one => one.keyId), wanted.map(one => one.sequence)],
  })
  return rows
}

import type { Client } from '../store.ts'

export type ClosedHole = {
  readonly keyId: number
  readonly from: number
  readonly to: number
  readonly sinceMs: number
  readonly status: 'healed' | 'voided'
}

export async function insertClosedHoles(
  client: Client,
  feed: number,
  nowMicros: number,
  holes: readonly ClosedHole[],
): Promise<void> {
  await client.query({
    name: 'insert-closed-holes',
    // A number that was voided and came after all is healed, and no longer voided.
    text: `with unvoided as (
        delete from groundstation.closed_hole c using unnest($3::bigint[], $4::bigint[], $7::text[]) as h (key_id, first_number, status)
        where c.feed = $1 and c.key_id = h.key_id and c.first_number = h.first_number and c.status = 'voided' and h.status = 'healed'
      )
      insert into groundstation.closed_hole (feed, key_id, first_number, last_number, since, closed_at, status)
      select $1, h.key_id, h.first_number, h.last_number, to_timestamp(h.since / 1000), timestamptz 'epoch' + $2::bigint * interval '1 microsecond', h.status
      from unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::double precision[], $7::text[]) as h (key_id, first_number, last_number, since, status)`,
    values: [
      feed,
      nowMicros,
      holes.map(hole => hole.keyId),
      holes.map(hole => hole.from),
      holes.map(hole => hole.to),
      holes.map(hole => hole.sinceMs),
      holes.map(hole => hole.status),
    ],
  })
}

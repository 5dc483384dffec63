import { createHash } from 'node:crypto'
import type { Client, Query } from '../store.ts'

export type Letter = {
  readonly reason: string
  readonly message: string
  readonly pointer: string
  readonly key: string | undefined
  readonly sequence: number | undefined
  readonly source: string
  readonly raw: Uint8Array
  readonly digest: Buffer
  readonly count: number
}

/** The same bytes are the same letter. A skipped event is told by its place, for its bytes may be refused elsewhere too. */
export const letterDigest = (raw: Uint8Array): Buffer => createHash('sha256').update(raw).digest()
export const foldDigest = (key: string, sequence: number): Buffer =>
  createHash('sha256').update(`fold\0${key}\0${sequence}`).digest()

/** Writes dead letters, or counts those that are there already; their ids, in their order. */
export async function upsertLetters(
  client: Client,
  feed: number,
  nowMicros: number,
  letters: readonly Letter[],
): Promise<number[]> {
  // Written in order of their digests, so that two batches that share letters don't wait for each other in a circle.
  const order = letters
    .map((_, index) => index)
    .sort((a, b) => Buffer.compare(at(letters, a).digest, at(letters, b).digest))
  const sorted = order.map(index => at(letters, index))
  const { rows } = await client.query<{ id: number }>({
    name: 'upsert-letters',
    text: `insert into groundstation.dead_letter (feed, reason, message, pointer, key, sequence, source, digest, count, first_at, last_at, raw)
      select $1, l.reason, l.message, l.pointer, l.key, l.sequence, l.source, l.digest, l.count, c.now, c.now, l.raw
      from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::jsonb[], $9::bytea[], $10::bigint[], $11::bytea[])
        with ordinality as l (reason, message, pointer, key, sequence, source, digest, count, raw, place),
        (select timestamptz 'epoch' + $2::bigint * interval '1 microsecond' as now) as c
      order by l.place
      on conflict (feed, digest) do update set
        count = dead_letter.count + case when excluded.reason = 'fold' then 0 else excluded.count end, last_at = excluded.last_at,
        -- An event that is skipped again after a fold that took it is open again; what people closed stays closed. One that
        -- was held is nowhere else: whatever was said of its bytes before, it is open.
        status = case when excluded.source @> '{"held": true}' or excluded.reason = 'fold' and dead_letter.status = 'replayed'
          then 'open' else dead_letter.status end,
        reason = case when excluded.source @> '{"held": true}' then excluded.reason else dead_letter.reason end,
        message = case when excluded.source @> '{"held": true}' then excluded.message else dead_letter.message end,
        pointer = case when excluded.source @> '{"held": true}' then excluded.pointer else dead_letter.pointer end
      returning id`,
    values: [
      feed,
      nowMicros,
      sorted.map(letter => letter.reason),
      sorted.map(letter => letter.message),
      sorted.map(letter => letter.pointer),
      sorted.map(letter => letter.key ?? null),
      sorted.map(letter => letter.sequence ?? null),
      sorted.map(letter => letter.source),
      sorted.map(letter => letter.digest),
      sorted.map(letter => letter.count),
      sorted.map(letter => Buffer.from(letter.raw)),
    ],
  })
  const ids = new Array<number>(letters.length)
  for (const [place, index] of order.entries()) ids[index] = rows[place]?.id ?? 0
  return ids
}

const at = (letters: readonly Letter[], index: number): Letter => letters[index] as Letter

/** Those of the letters that are open; nobody else closes them before this transaction ends. */
export async function lockOpenLetters(
  client: Client,
  feed: number,
  ids: readonly number[],
): Promise<{ readonly id: number; readonly key: string | null; readonly reason: string }[]> {
  const { rows } = await client.query<{ id: number; key: string | null; reason: string }>({
    name: 'lock-open-letters',
    text: `select id, key, reason from groundstation.dead_letter where feed = $1 and id = any($2::bigint[]) and status = 'open' order by id for update`,
    values: [feed, ids],
  })
  return rows
}

/** Whether it was open. */
export async function dismissLetter(query: Query, feed: number, id: number): Promise<boolean> {
  const { rows } = await query(
    "update groundstation.dead_letter set status = 'dismissed' where feed = $1 and id = $2 and status = 'open' returning id",
    [feed, id],
  )
  return rows.length > 0
}

export async function closeLetters(
  client: Client,
  feed: number,
  ids: readonly number[],
  status: 'replayed' | 'dismissed',
): Promise<void> {
  await client.query(
    'update groundstation.dead_letter set status = $3 where feed = $1 and id = any($2::bigint[]) and status = $4',
    [feed, ids, status, 'open'],
  )
}

/** Forgets the letters of events that a new fold doesn't skip any more. */
export async function withdrawFoldLetters(
  client: Client,
  feed: number,
  key: string,
  from: number,
  except: readonly number[],
): Promise<void> {
  await client.query(
    `update groundstation.dead_letter set status = 'replayed'
     where feed = $1 and key = $2 and reason = 'fold' and sequence >= $3 and not sequence = any($4::bigint[]) and status = 'open'`,
    [feed, key, from, except],
  )
}

export type OpenLetter = { readonly key: string | null; readonly sequence: number | null; readonly reason: string }

export async function findOpenLetter(query: Query, feed: number, id: number): Promise<OpenLetter | undefined> {
  const { rows } = await query(
    "select key, sequence, reason from groundstation.dead_letter where feed = $1 and id = $2 and status = 'open'",
    [feed, id],
  )
  return (rows as OpenLetter[])[0]
}

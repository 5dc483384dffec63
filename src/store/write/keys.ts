import type { StateValue } from '../../feed/state.ts'
import { cursorOf, type Key, missedBy, type Spans, spansOf, waitingSince } from '../../sequencer/key.ts'
import { type ArrayType, ArrayWriter, Rows, type RowsMode } from '../binary-rows.ts'
import type { Client, Query } from '../store.ts'
import { writeRows } from './copy.ts'

type KeyRow = {
  id: number
  lane: number
  key: string
  frontier: number
  events: number
  generation: number
  time: string | null
  digest: Buffer | null
  raw_digest: Buffer | null
  rank: Buffer | null
  spans: Spans | null
  state: StateValue | null
}

const COLUMNS = 'id, lane, key, frontier, events, generation, time, digest, raw_digest, rank, spans, state'

const keyOfRow = (row: KeyRow): Key => ({
  id: row.id,
  lane: row.lane,
  key: row.key,
  cursor: cursorOf(row.frontier, row.spans),
  events: row.events,
  generation: row.generation,
  time: row.time,
  digest: row.digest,
  rawDigest: row.raw_digest,
  rank: row.rank,
  state: row.state,
})

/** The rows of these keys; one that is new has none. */
export async function loadKeys(
  client: { query: Client['query'] },
  feed: number,
  keys: readonly string[],
): Promise<Key[]> {
  const { rows } = await client.query<KeyRow>({
    name: `load-keys-${feed}`,
    // The plan is made once, for a table that may be empty yet, and kept: a look-up by key each stays good when it has grown.
    text: `select k.* from unnest($1::text[]) as w (name) cross join lateral (
        select ${COLUMNS} from groundstation.key_${feed} where key = w.name limit 1) k`,
    values: [keys],
  })
  return rows.map(keyOfRow)
}

export async function loadKey(query: Query, feed: number, key: string): Promise<Key | undefined> {
  const { rows } = await query(
    `select ${COLUMNS} from groundstation.key_${feed} where key = $1`,
    [key],
    `load-key-${feed}`,
  )
  const [row] = rows as KeyRow[]
  return row === undefined ? undefined : keyOfRow(row)
}

/** Keys of these lanes with events held since before `beforeMs`, the longest waiting first. */
export async function loadWaiting(
  query: Query,
  feed: number,
  lanes: readonly number[],
  beforeMs: number,
  limit: number,
) {
  const { rows } = await query(
    `select key, lane from groundstation.key_${feed} where waiting_since <= to_timestamp($1::double precision / 1000) and lane = any($2::smallint[])
     order by waiting_since limit $3`,
    [beforeMs, lanes, limit],
    `load-waiting-${feed}`,
  )
  return rows as { key: string; lane: number }[]
}

const POSTGRES_EPOCH_MICROS = 946_684_800_000_000
const sinceOf = (key: Key): number | undefined => {
  const since = waitingSince(key.cursor)
  return since === undefined ? undefined : Math.round(since * 1000) - POSTGRES_EPOCH_MICROS
}

const INSERTED = [
  'id',
  'frontier',
  'events',
  'waiting_since',
  'generation',
  'feed',
  'lane',
  'key',
  'time',
  'digest',
  'raw_digest',
  'rank',
  'spans',
  'state',
  'released_gaps',
  'missing_numbers',
]
const INSERTED_TYPES: readonly ArrayType[] = [
  'bigint',
  'bigint',
  'bigint',
  'timestamp',
  'integer',
  'smallint',
  'smallint',
  'text',
  'text',
  'bytea',
  'bytea',
  'bytea',
  'json',
  'json',
  'integer',
  'bigint',
]

export async function insertKeys(
  client: Client,
  feed: number,
  keys: readonly Key[],
  mode: RowsMode = 'copy',
): Promise<void> {
  const rows = new Rows(mode, INSERTED_TYPES, keys.length * 400)
  for (const key of keys) {
    rows.row()
    rows.next().bigintField(key.id)
    rows.next().bigintField(key.cursor.frontier)
    rows.next().bigintField(key.events)
    const since = sinceOf(key)
    if (since === undefined) rows.next().null()
    else rows.next().bigintField(since)
    rows.next().integerField(key.generation)
    rows.next().smallintField(feed)
    rows.next().smallintField(key.lane)
    rows.next().textField(key.key)
    if (key.time === null) rows.next().null()
    else rows.next().textField(key.time)
    if (key.digest === null) rows.next().null()
    else rows.next().bytesField(key.digest)
    if (key.rawDigest === null) rows.next().null()
    else rows.next().bytesField(key.rawDigest)
    if (key.rank === null) rows.next().null()
    else rows.next().bytesField(key.rank)
    const spans = spansOf(key.cursor)
    if (spans === null) rows.next().null()
    else rows.next().jsonbField(JSON.stringify(spans))
    if (key.state === null) rows.next().null()
    else rows.next().jsonbField(JSON.stringify(key.state))
    const missed = missedBy(key.cursor)
    if (missed === undefined) {
      rows.next().null()
      rows.next().null()
    } else {
      rows.next().integerField(missed.gaps)
      rows.next().bigintField(missed.numbers)
    }
  }
  await writeRows(client, { table: `groundstation.key_${feed}`, columns: INSERTED, types: INSERTED_TYPES }, rows)
}

export async function updateKeys(client: Client, feed: number, keys: readonly Key[]): Promise<void> {
  const ids = new ArrayWriter('bigint')
  const frontiers = new ArrayWriter('bigint')
  const events = new ArrayWriter('bigint')
  const generations = new ArrayWriter('integer')
  const times = new ArrayWriter('text')
  const digests = new ArrayWriter('bytea')
  const rawDigests = new ArrayWriter('bytea')
  const ranks = new ArrayWriter('bytea')
  const spans = new ArrayWriter('json')
  const states = new ArrayWriter('json')
  const waiting = new ArrayWriter('timestamp')
  const released = new ArrayWriter('integer')
  const missing = new ArrayWriter('bigint')
  for (const key of keys) {
    ids.element().bigintField(key.id)
    frontiers.element().bigintField(key.cursor.frontier)
    events.element().bigintField(key.events)
    generations.element().integerField(key.generation)
    if (key.time === null) times.element().null()
    else times.element().textField(key.time)
    if (key.digest === null) digests.element().null()
    else digests.element().bytesField(key.digest)
    if (key.rawDigest === null) rawDigests.element().null()
    else rawDigests.element().bytesField(key.rawDigest)
    if (key.rank === null) ranks.element().null()
    else ranks.element().bytesField(key.rank)
    const kept = spansOf(key.cursor)
    if (kept === null) spans.element().null()
    else spans.element().jsonbField(JSON.stringify(kept))
    if (key.state === null) states.element().null()
    else states.element().jsonbField(JSON.stringify(key.state))
    const since = sinceOf(key)
    if (since === undefined) waiting.element().null()
    else waiting.element().bigintField(since)
    const missed = missedBy(key.cursor)
    if (missed === undefined) {
      released.element().null()
      missing.element().null()
    } else {
      released.element().integerField(missed.gaps)
      missing.element().bigintField(missed.numbers)
    }
  }
  await client.query({
    name: `update-keys-${feed}`,
    text: `update groundstation.key_${feed} k set frontier = c.frontier, events = c.events, generation = c.generation, time = c.time,
        digest = c.digest, raw_digest = c.raw_digest, rank = c.rank, spans = c.spans, state = c.state, waiting_since = c.waiting_since,
        released_gaps = c.released_gaps, missing_numbers = c.missing_numbers
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[], $9::jsonb[], $10::jsonb[], $11::timestamptz[],
        $12::integer[], $13::bigint[])
        as c (id, frontier, events, generation, time, digest, raw_digest, rank, spans, state, waiting_since, released_gaps, missing_numbers)
      where k.id = c.id`,
    values: [
      ids,
      frontiers,
      events,
      generations,
      times,
      digests,
      rawDigests,
      ranks,
      spans,
      states,
      waiting,
      released,
      missing,
    ].map(array => array.finish()),
  })
}

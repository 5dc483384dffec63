/** What PostgreSQL holds, read with plain SQL and none of the system's own code. */
import pg from 'pg'

export type RecordRow = {
  readonly key: string
  readonly sequence: number
  readonly lane: number
  readonly position: number
  readonly raw: string
}
export type HeldRow = {
  readonly key: string
  readonly sequence: number
  readonly waitingFor: number
  readonly raw: string
}
export type KeyRow = {
  readonly key: string
  readonly frontier: number
  readonly events: number
  readonly time: string | null
  readonly spans: unknown
  readonly state: Readonly<Record<string, unknown>> | null
}
export type LetterRow = { readonly raw: string; readonly reason: string; readonly count: number }
export type TableRow = {
  readonly table: string
  readonly channel: string
  readonly number: number
  readonly value: string
}

export type Observed = {
  readonly record: readonly RecordRow[]
  readonly held: readonly HeldRow[]
  readonly keys: readonly KeyRow[]
  readonly letters: readonly LetterRow[]
  readonly rows: readonly TableRow[]
  readonly lanes: ReadonlyMap<number, number>
}

const FEED = `(select id from groundstation.feed where name = $1)`

const RECORD = `select k.key, e.sequence::float8 as sequence, e.lane, e.position::float8 as position, e.raw
  from groundstation.event e left join groundstation.key k on k.feed = e.feed and k.id = e.key_id where e.feed = ${FEED}`

// Held events by their own table and the key's cursor, not by the view that users see: that one is checked against it.
const HELD = `select k.key, h.sequence::float8 as sequence, v.waiting_for::float8 as "waitingFor", h.raw
  from groundstation.held_event h
  join groundstation.key k on k.feed = h.feed and k.id = h.key_id
  left join groundstation.held v on v.feed = $1 and v.key = k.key and v.sequence = h.sequence
  where h.feed = ${FEED}`

const KEYS = `select key, frontier::float8 as frontier, events::float8 as events, time, spans, state
  from groundstation.key where feed = ${FEED}`

const LETTERS = `select convert_from(raw, 'UTF8') as raw, reason, count::float8 as count
  from groundstation.dead_letter where feed = ${FEED}`

const ROWS = [
  ['rocket_launched', `type || '/' || launchSpeed || '/' || mission`],
  ['speed_change', `messageType || '/' || changeValue`],
  ['rocket_exploded', 'reason'],
  ['mission_changed', 'newMission'],
]
  .map(
    ([table, value]) =>
      `select '${table}' as table, channel::text, messageNumber::float8 as number, ${value} as value from ${table}`,
  )
  .join(' union all ')

export async function observe(url: string, feed: string): Promise<Observed> {
  return withConnection(url, async client => {
    // One snapshot for all, so that what is still being written can't look like a difference.
    await client.query('begin isolation level repeatable read read only')
    const rows = async <Row>(sql: string): Promise<Row[]> =>
      (await client.query(sql, sql.includes('$1') ? [feed] : [])).rows as Row[]
    const lanes = await rows<{ lane: number; position: number }>(
      `select lane, position::float8 as position from groundstation.lane where feed = ${FEED}`,
    )
    const observed: Observed = {
      record: await rows<RecordRow>(RECORD),
      held: await rows<HeldRow>(HELD),
      keys: await rows<KeyRow>(KEYS),
      letters: await rows<LetterRow>(LETTERS),
      rows: await rows<TableRow>(ROWS),
      lanes: new Map(lanes.map(({ lane, position }) => [lane, position])),
    }
    await client.query('rollback')
    return observed
  })
}

export async function withConnection<Result>(url: string, work: (client: pg.Client) => Promise<Result>) {
  const client = new pg.Client({ connectionString: url })
  // A test that kills servers kills this connection too; the statement under way tells.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** One statement on a connection of its own. */
export const statement = (url: string, sql: string): Promise<Record<string, unknown>[]> =>
  withConnection(url, async client => (await client.query(sql)).rows as Record<string, unknown>[])

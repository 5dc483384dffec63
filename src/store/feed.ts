import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { CompiledTable } from '../feed/table.ts'
import { type LaneHash, NEW_LANE_HASH } from '../sequencer/lane.ts'
import { schemaStatement, sequenceStatements, tableStatements } from './ddl.ts'
import { qualified, quote, SQL_TYPES } from './names.ts'
import type { Client, Store } from './store.ts'

/** A feed as it is in the database. */
export type StoredFeed = {
  readonly id: number
  readonly lanes: number
  readonly laneHash: LaneHash
  /** The generation of the declaration that this process runs. */
  readonly generation: number
}

/** Lanes of a new feed. More let more processes write side by side; each costs a row to lock in a batch that meets it. */
const LANES = 8

const LOCK = 7_151_033_202

/** Makes or finds all that a feed needs in the database. Safe when two processes start at once. */
export function registerFeed(store: Store, feed: CompiledFeed): Promise<StoredFeed> {
  return store.exclusively(LOCK, client => register(client, feed))
}

async function register(client: Client, feed: CompiledFeed): Promise<StoredFeed> {
  const found = await findOrInsert(client, feed)
  const { id } = found
  await makeLeaves(client, id, found.lanes)
  await makeTables(client, feed)
  return { ...found, generation: await generationOf(client, id, feed.fingerprint) }
}

/**
 * Makes what others read of a feed that isn't started here: all of it where it never was, otherwise what its tables lack. Of one
 * that was, the declaration stays the one that it was started with last: whoever serves it isn't older for that.
 */
export function makeFeed(store: Store, feed: CompiledFeed): Promise<void> {
  return store.exclusively(LOCK, async client => {
    const { rows } = await client.query('select 1 from groundstation.feed where name = $1', [feed.name])
    if (rows.length > 0) await makeTables(client, feed)
    else await register(client, feed)
  })
}

async function makeTables(client: Client, { tables }: CompiledFeed): Promise<void> {
  for (const table of tables) {
    await makeTable(client, table)
    for (const statement of sequenceStatements(table)) await client.query(statement)
  }
}

type Found = Pick<StoredFeed, 'id' | 'lanes' | 'laneHash'>

async function findOrInsert(client: Client, feed: CompiledFeed): Promise<Found> {
  const { kind } = feed.identity
  const found = await client.query('select id, lanes, lane_hash, kind from groundstation.feed where name = $1', [
    feed.name,
  ])
  const known = found.rows[0]
  if (known !== undefined) {
    if (known.kind !== kind)
      throw new GroundstationError(
        'DECLARATION_INVALID',
        `The feed ${feed.name} is on the record with identity '${known.kind}', and is declared with '${kind}': declare it under another name`,
        { at: 'identity' },
      )
    return { id: known.id, lanes: known.lanes, laneHash: known.lane_hash }
  }
  const inserted = await client.query(
    'insert into groundstation.feed (name, kind, lanes, lane_hash) values ($1, $2, $3, $4) returning id',
    [feed.name, kind, LANES, NEW_LANE_HASH],
  )
  return { id: inserted.rows[0].id, lanes: LANES, laneHash: NEW_LANE_HASH }
}

async function makeLeaves(client: Client, id: number, lanes: number): Promise<void> {
  const exists = await client.query('select to_regclass($1) is not null as made', [`groundstation.key_${id}`])
  if (exists.rows[0].made) return
  // fillfactor: room in the page for a key's next version, which then needs no new index entries.
  await client.query(`
    create table groundstation.key_${id} partition of groundstation.key (primary key (id), unique (key)) for values in (${id}) with (fillfactor = 60);
    create index on groundstation.key_${id} (waiting_since) where waiting_since is not null;
    create table groundstation.event_${id} partition of groundstation.event for values in (${id}) partition by range (recorded);
    create index on groundstation.event_${id} (key_id, sequence) where key_id is not null;
    create index on groundstation.event_${id} (lane, position);
  `)
  await client.query('insert into groundstation.lane (feed, lane) select $1, generate_series(0, $2 - 1)', [id, lanes])
}

async function generationOf(client: Client, feed: number, fingerprint: string): Promise<number> {
  const { rows } = await client.query(
    'select generation, fingerprint from groundstation.generation where feed = $1 order by generation desc limit 1',
    [feed],
  )
  const newest = rows[0]
  if (newest?.fingerprint === fingerprint) return newest.generation
  // A declaration that was there before and comes back is a new one: what folded in between is older than it.
  const generation = (newest?.generation ?? 0) + 1
  await client.query('insert into groundstation.generation (feed, generation, fingerprint) values ($1, $2, $3)', [
    feed,
    generation,
    fingerprint,
  ])
  return generation
}

export async function makeTable(client: Client, table: CompiledTable): Promise<void> {
  const name = qualified(table)
  const { rows } = await client.query(
    `select a.attname as column, format_type(a.atttypid, null) as type from pg_attribute a
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped`,
    [name],
  )
  if (rows.length === 0) return createTable(client, table)
  const existing = new Map(rows.map(row => [String(row.column), String(row.type)]))
  for (const column of table.columns) {
    const type = existing.get(column.name)
    if (type === undefined)
      await client.query(`alter table ${name} add column ${quote(column.name)} ${SQL_TYPES[column.type]}`)
    else if (type !== SQL_TYPES[column.type])
      throw new GroundstationError(
        'DECLARATION_INVALID',
        `The table ${table.schema}.${table.name} has ${column.name} as ${type}; the feed declares ${SQL_TYPES[column.type]}. Alter or rename the table first`,
        { at: `tables.${table.name}.columns.${column.name}` },
      )
  }
}

async function createTable(client: Client, table: CompiledTable): Promise<void> {
  const schema = schemaStatement(table.schema)
  if (schema !== undefined) await client.query(schema)
  for (const statement of tableStatements(table)) await client.query(statement)
}

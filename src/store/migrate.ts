import { readdir, readFile } from 'node:fs/promises'
import { GroundstationError } from '../errors.ts'
import type { Client, Store } from './store.ts'

const FOLDER = new URL('./migrations/', import.meta.url)
/** Held while migrating, so that of two processes that start at once one waits for the other. */
const LOCK = 7_151_033_201

/** Brings the schema `groundstation` up to this version. Forward only; safe when two processes start at once. */
export async function migrate(store: Store): Promise<void> {
  await store.exclusively(LOCK, migrateIn)
}

/** The same in a transaction that is going to be rolled back, where there is no such schema; one that is there isn't touched. */
export async function migrateForTrial(client: Client): Promise<void> {
  const { rows } = await client.query('select to_regnamespace(\'groundstation\') is not null as "isThere"')
  if (rows[0]?.isThere === true) return
  await client.query('select pg_advisory_xact_lock($1)', [LOCK])
  await migrateIn(client)
}

async function migrateIn(client: Client): Promise<void> {
  const files = (await readdir(FOLDER)).filter(name => name.endsWith('.sql')).sort()
  await client.query('create schema if not exists groundstation')
  await client.query(
    'create table if not exists groundstation.migration (version integer primary key, name text not null, applied_at timestamptz not null default now())',
  )
  const { rows } = await client.query<{ version: number }>('select version from groundstation.migration')
  const applied = new Set(rows.map(({ version }) => version))
  const known = new Map(files.map(name => [Number.parseInt(name, 10), name]))
  const newest = Math.max(0, ...known.keys())
  const unknown = [...applied].find(version => !known.has(version))
  if (unknown !== undefined)
    throw new GroundstationError(
      'STORE_INCOMPATIBLE',
      `The database was written by a newer Groundstation (schema ${unknown}, this one knows ${newest}): start that one`,
    )
  for (const [version, name] of known) {
    // By its number, not by how many there are: one that was written side by side with a later one may come after it.
    if (applied.has(version)) continue
    await client.query(await readFile(new URL(name, FOLDER), 'utf8'))
    await client.query('insert into groundstation.migration (version, name) values ($1, $2)', [version, name])
  }
}

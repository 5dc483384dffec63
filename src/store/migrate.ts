import { readdir, readFile } from 'node:fs/promises'
import { GroundstationError } from '../errors.ts'
import type { Store } from './store.ts'

const FOLDER = new URL('./migrations/', import.meta.url)
/** Held while migrating, so that of two processes that start at once one waits for the other. */
const LOCK = 7_151_033_201

/** Brings the schema `groundstation` up to this version. Forward only; safe when two processes start at once. */
export async function migrate(store: Store): Promise<void> {
  const files = (await readdir(FOLDER)).filter(name => name.endsWith('.sql')).sort()
  await store.exclusively(LOCK, async client => {
    await client.query('create schema if not exists groundstation')
    await client.query(
      'create table if not exists groundstation.migration (version integer primary key, name text not null, applied_at timestamptz not null default now())',
    )
    const { rows } = await client.query<{ version: number }>(
      'select max(version) as version from groundstation.migration',
    )
    const current = rows[0]?.version ?? 0
    if (current > files.length)
      throw new GroundstationError(
        'STORE_INCOMPATIBLE',
        `The database was written by a newer Groundstation (schema ${current}, this one knows ${files.length}): start that one`,
      )
    for (const [index, name] of files.entries()) {
      if (index < current) continue
      await client.query(await readFile(new URL(name, FOLDER), 'utf8'))
      await client.query('insert into groundstation.migration (version, name) values ($1, $2)', [index + 1, name])
    }
  })
}

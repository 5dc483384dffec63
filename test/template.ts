import pg from 'pg'
import { migrate } from '../src/store/migrate.ts'
import { openStore, type Store } from '../src/store/store.ts'

/** Where `run.ts` says which server the tests use. */
export const ADMIN_URL = 'GROUNDSTATION_TEST_ADMIN_URL'

export const TEMPLATE = 'groundstation_template'

/**
 * Migrates a database once; the others are copies of it, which takes less time. The server no longer waits for the disk:
 * that matters where a machine loses its power, which no test on this server is about, and it made every copy wait.
 */
export async function makeTemplate(adminUrl: string): Promise<void> {
  await withAdmin(adminUrl, async admin => {
    for (const setting of ['fsync', 'full_page_writes']) await admin.query(`alter system set ${setting} = off`)
    await admin.query('select pg_reload_conf()')
    // The same password, proved in one round and not in thousands: half of what a connection costs who opens it.
    const password = decodeURIComponent(new URL(adminUrl).password)
    await admin.query(`set scram_iterations = 1; alter role current_user password ${pg.escapeLiteral(password)}`)
  })
  await withAdmin(adminUrl, admin => admin.query(`create database ${TEMPLATE}`))
  await withAdmin(databaseUrl(adminUrl, TEMPLATE), migrate)
}

export async function withAdmin<Result>(url: string, work: (admin: Store) => Promise<Result>): Promise<Result> {
  const admin = await openStore(url, { connectionsMax: 1 })
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

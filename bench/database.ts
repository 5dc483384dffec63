import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded } from '../src/embedded/index.ts'
import { openStore, type Row } from '../src/store/store.ts'

/** A real PostgreSQL to measure in, with databases of our own that come and go. */
export type BenchServer = {
  readonly version: string
  readonly settings: string
  urlOf(database: string): string
  /** An empty database, or a copy of one that nobody is connected to; one of that name is dropped first. */
  make(database: string, template?: string): Promise<string>
  drop(database: string): Promise<void>
  query(database: string, sql: string): Promise<Row[]>
  /** Writes out what earlier runs left, so that nobody's run pays for another's. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** The server of DATABASE_URL, whose user may make databases, or an embedded one in a folder that is removed afterwards. */
export async function openBenchServer(): Promise<BenchServer> {
  const given = process.env.DATABASE_URL
  if (given !== undefined) return serverAt(given, async () => undefined)
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-bench-'))
  const server = await openEmbedded({ home: join(folder, 'home'), log: () => undefined })
  server.lost.addEventListener('abort', () => {
    console.error(server.lost.reason)
    process.exit(1)
  })
  return serverAt(server.url, async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
}

async function serverAt(url: string, end: () => Promise<void>): Promise<BenchServer> {
  const store = await openStore(url, { connectionsMax: 1 })
  const made = new Set<string>()
  const urlOf = (database: string): string => Object.assign(new URL(url), { pathname: `/${database}` }).href
  const drop = async (database: string): Promise<void> => {
    await store.query(`drop database if exists ${database} with (force)`)
    made.delete(database)
  }
  const [about] = (
    await store.query(`select current_setting('server_version') as version,
      format('fsync=%s synchronous_commit=%s shared_buffers=%s max_wal_size=%s', current_setting('fsync'),
        current_setting('synchronous_commit'), current_setting('shared_buffers'), current_setting('max_wal_size')) as settings`)
  ).rows
  return {
    version: String(about?.version),
    settings: String(about?.settings),
    urlOf,
    make: async (database, template) => {
      await drop(database)
      await store.query(`create database ${database}${template === undefined ? '' : ` template ${template}`}`)
      made.add(database)
      return urlOf(database)
    },
    drop,
    query: (database, sql) => queryOnce(urlOf(database), sql),
    settle: async () => {
      await store.query('checkpoint')
    },
    close: async () => {
      for (const database of [...made]) await drop(database)
      await store.close()
      await end()
    },
  }
}

async function queryOnce(url: string, sql: string): Promise<Row[]> {
  const store = await openStore(url, { connectionsMax: 1 })
  try {
    return (await store.query(sql)).rows
  } finally {
    await store.close()
  }
}

import { relative } from 'node:path'
import type { Logger } from 'pino'
import { openEmbedded } from '../embedded/index.ts'
import type { Engine, PartitionLogs, Polls } from '../engine/contract.ts'
import { createEngine } from '../engine/engine.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { Settings } from '../settings/settings.ts'
import { openStore, type Store } from '../store/store.ts'
import type { FeedsToStart } from './feeds.ts'

/** The database of a command: the user's own, or the embedded one. */
export type Database = {
  readonly store: Store
  /** What a person types to look into it; without a password. */
  readonly psql: string
  /** Aborted when the embedded server is gone for good. */
  readonly lost: AbortSignal | undefined
  close(): Promise<void>
}

export type Opening = {
  readonly settings: Settings
  readonly log: Logger
  readonly cwd: string
  readonly signal?: AbortSignal
}

/** Raises STORE_UNREACHABLE, STORE_INCOMPATIBLE, EMBEDDED_…, STOPPING. */
export async function openDatabase({ settings, log, cwd, signal }: Opening): Promise<Database> {
  const warn = (message: string) => log.warn(message)
  if (settings.databaseUrl !== undefined) {
    const store = await openStore(settings.databaseUrl, { log: warn })
    return { store, psql: 'psql "$DATABASE_URL"', lost: undefined, close: () => store.close() }
  }
  const embedded = await openEmbedded({
    home: settings.home,
    log: line => log[line.level](line.message),
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    const store = await openStore(embedded.url, { log: warn })
    const shown = relative(cwd, embedded.urlFile)
    return {
      store,
      psql: `psql "$(cat ${shellWord(shown.startsWith('..') ? embedded.urlFile : shown)})"`,
      lost: embedded.lost,
      close: async () => {
        await store.close()
        await embedded.stop()
      },
    }
  } catch (error) {
    await embedded.stop()
    throw error
  }
}

const shellWord = (text: string) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** An engine that runs, and the database under it. */
export type Runtime = {
  readonly engine: Engine & PartitionLogs & Polls
  readonly database: Database
  close(): Promise<void>
}

type RuntimeOpening = Opening & {
  readonly declared: FeedsToStart
  /** Whether this process releases the feed's holes; it does, unless told otherwise. */
  readonly sweeps?: (feed: CompiledFeed) => boolean
  /** Whether a view that can't be made stops it, where what is missing may come with other feeds. */
  readonly needsViews?: boolean
}

export async function openRuntime(opening: RuntimeOpening): Promise<Runtime> {
  const { log, signal, sweeps = () => true, needsViews = false } = opening
  const { feeds, made, beside } = opening.declared
  for (const { error } of beside)
    if (error !== undefined) log.warn(`of a file's other feeds one is left out: ${error.message}`)
  const database = await openDatabase(opening)
  const engine = createEngine({
    store: database.store,
    feeds,
    made,
    sweeps,
    needsViews,
    readsTopics: opening.settings.kafka !== undefined,
    log: (level, message) => log[level](message),
  })
  const close = async () => {
    await engine.stop()
    await database.close()
  }
  try {
    signal?.throwIfAborted()
    await engine.start()
    return { engine, database, close }
  } catch (error) {
    await close()
    throw error
  }
}

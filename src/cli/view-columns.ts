import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { ViewColumn } from '../store/read/views.ts'
import { tryViews } from '../store/views/trial.ts'
import { type CommonOptions, type Context, settingsOf } from './context.ts'
import type { FeedsToStart } from './feeds.ts'
import { createLog } from './log.ts'
import { type Opening, openDatabase } from './open.ts'

/** Whose tables and views there are, and whose views are asked for. */
type Given = readonly [made: readonly CompiledFeed[], feeds: readonly CompiledFeed[]]

export type ViewColumns = ReadonlyMap<string, readonly ViewColumn[]>

/**
 * The columns of the views that are served: PostgreSQL's to say. The user's own database is asked, where it can be reached,
 * for it has what a view may be made of beside the feeds' tables; nothing is made there. Otherwise an empty one is, which is
 * gone afterwards.
 */
export async function viewColumns(
  { feeds, made }: FeedsToStart,
  options: CommonOptions,
  context: Context,
): Promise<ViewColumns> {
  if (feeds.every(({ views }) => views.every(({ path }) => path === undefined))) return new Map()
  const settings = await settingsOf(context, options, 'silent')
  const opening = { settings, log: createLog(settings.logLevel), cwd: context.cwd }
  if (settings.databaseUrl === undefined) return inEmptyDatabase(opening, made, feeds)
  try {
    return await inDatabase(opening, made, feeds)
  } catch (error) {
    if (!(error instanceof GroundstationError) || error.code !== 'STORE_UNREACHABLE') throw error
    return inEmptyDatabase(opening, made, feeds)
  }
}

async function inEmptyDatabase(opening: Opening, ...given: Given): Promise<ViewColumns> {
  const home = await mkdtemp(join(tmpdir(), 'groundstation-columns-'))
  try {
    return await inDatabase({ ...opening, settings: { ...opening.settings, databaseUrl: undefined, home } }, ...given)
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 10 })
  }
}

async function inDatabase(opening: Opening, ...given: Given): Promise<ViewColumns> {
  const database = await openDatabase(opening)
  try {
    return await tryViews(database.store, ...given)
  } finally {
    await database.close()
  }
}

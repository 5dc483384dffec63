import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { keptSecret } from '../embedded/index.ts'
import { messageOf } from '../errors.ts'
import type { Settings } from '../settings/settings.ts'
import { migrate } from '../store/migrate.ts'
import { type CommonOptions, type Context, settingsOf } from './context.ts'
import { createLog } from './log.ts'
import { type Database, openDatabase } from './open.ts'

/** What tokens are signed with: the setting, or what the home keeps. */
export async function secretOf({ secret, home }: Settings, log: Logger): Promise<string> {
  if (secret !== undefined) return secret
  try {
    return await keptSecret(home)
  } catch (error) {
    log.warn(
      `no secret can be kept (${messageOf(error)}): users log in anew whenever this process starts; GROUNDSTATION_SECRET helps`,
    )
    return randomBytes(32).toString('base64url')
  }
}

/** Runs a command that needs nothing but the database, up to date. */
export async function withDatabase(
  context: Context,
  options: CommonOptions,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const settings = await settingsOf(context, options, 'warn')
  const database = await openDatabase({ settings, log: createLog(settings.logLevel), cwd: context.cwd })
  try {
    await migrate(database.store)
    await work(database)
  } finally {
    await database.close()
  }
}

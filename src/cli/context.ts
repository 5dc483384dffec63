import type { Command } from 'commander'
import { type Flags, type LogLevel, readSettings, type Settings } from '../settings/settings.ts'

/** What a command is run with. */
export type Context = {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
}

export type CommonOptions = Flags & { readonly json?: boolean }

/** The options that every command has. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('--json', 'the result as JSON, for a program')
    .option('--home <folder>', 'the folder of the embedded PostgreSQL (GROUNDSTATION_HOME)')
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent (LOG_LEVEL)')
}

/** `logLevel` is what a command logs unless told otherwise. */
export function settingsOf(context: Context, options: CommonOptions, logLevel: LogLevel = 'info'): Promise<Settings> {
  return readSettings(context.env, context.cwd, options, { logLevel })
}

/** A command's result: one JSON document for a program, or a text for people. */
export function print(options: CommonOptions, result: unknown, text: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : text === '' ? '' : `${text}\n`)
}

/** A count with its noun: 1 key, 2,000 keys. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`

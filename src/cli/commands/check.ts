import type { Command } from 'commander'
import { migrate } from '../../store/migrate.ts'
import { checkStored, type StoredReport } from '../../verify/stored.ts'
import { type CommonOptions, type Context, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../exit.ts'
import { declaredFeeds } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openDatabase } from '../open.ts'

type CheckOptions = CommonOptions & { readonly stored?: boolean }
type Read = Awaited<ReturnType<typeof declaredFeeds>>[number]

export function addCheck(program: Command, context: Context): void {
  withCommonOptions(program.command('check [feeds...]'))
    .description('checks declarations; a mistake is told with its place and the reason')
    .option('--stored', 'also takes them over the events on the record: what would be refused or skipped today')
    .action((feeds: string[], options: CheckOptions) => check(context, feeds, options))
}

async function check(context: Context, paths: string[], options: CheckOptions): Promise<void> {
  const read = await declaredFeeds(paths, context)
  const stored = options.stored === true ? await overTheRecord(context, read, options) : new Map<string, StoredReport>()
  const feeds = read.map(({ file, compiled, error }) => ({
    file,
    feed: compiled?.name ?? null,
    valid: error === undefined,
    error: error?.message ?? null,
    stored: stored.get(compiled?.name ?? '') ?? null,
  }))
  const lines = feeds.map(({ file, feed, error, stored: report }) =>
    [error ?? `${file}: ${feed} is valid.`, ...(report === null ? [] : linesOf(report))].join('\n'),
  )
  print(options, { feeds }, lines.join('\n'))
  if (feeds.some(feed => !feed.valid || (feed.stored?.misfitCount ?? 0) > 0)) process.exitCode = EXIT.found
}

async function overTheRecord(
  context: Context,
  read: readonly Read[],
  options: CheckOptions,
): Promise<Map<string, StoredReport>> {
  const settings = await settingsOf(context, options, 'warn')
  const database = await openDatabase({ settings, log: createLog(settings.logLevel), cwd: context.cwd })
  const reports = new Map<string, StoredReport>()
  try {
    await migrate(database.store)
    for (const { compiled: feed } of read) {
      if (feed === undefined) continue
      const { rows } = await database.store.query('select 1 from groundstation.feed where name = $1', [feed.name])
      // A feed that has never run here has no events that could be refused.
      if (rows.length > 0) reports.set(feed.name, await checkStored({ store: database.store, feed }))
    }
    return reports
  } finally {
    await database.close()
  }
}

function linesOf({ events, misfits, misfitCount, statesChanged }: StoredReport): string[] {
  const states = statesChanged === 0 ? 'no state changes' : `${statesChanged.toLocaleString('en')} states change`
  const sum = `  on the record: ${events.toLocaleString('en')} events, ${misfitCount.toLocaleString('en')} don't fit; ${states}`
  const named = misfits.map(
    ({ key, sequence, pointer, message }) =>
      `    ${[key, sequence > 0 ? `number ${sequence}` : null, pointer].filter(part => part !== null && part !== '').join(', ')} ${message}`,
  )
  const more = misfitCount - misfits.length
  return [sum, ...named, ...(more > 0 ? [`    … and ${more.toLocaleString('en')} more`] : [])]
}

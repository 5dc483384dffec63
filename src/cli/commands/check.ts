import type { Command } from 'commander'
import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import { migrate } from '../../store/migrate.ts'
import type { Store } from '../../store/store.ts'
import { tryViews } from '../../store/views/trial.ts'
import { checkStored, type StoredReport } from '../../verify/stored.ts'
import { type CommonOptions, type Context, counted, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../exit.ts'
import { declaredFiles } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openDatabase } from '../open.ts'

type CheckOptions = CommonOptions & { readonly stored?: boolean }
type Read = Awaited<ReturnType<typeof declaredFiles>>[number]

export function addCheck(program: Command, context: Context): void {
  withCommonOptions(program.command('check [feeds...]'))
    .description('checks declarations; a mistake is told with its place and the reason')
    .option(
      '--stored',
      'also takes them over the events on the record: what would be refused or skipped today, and whether PostgreSQL takes the views',
    )
    .action((feeds: string[], options: CheckOptions) => check(context, feeds, options))
}

type Found = {
  readonly reports: ReadonlyMap<string, StoredReport>
  /** What is wrong with the views, by feed. */
  readonly views: ReadonlyMap<string, string>
}
const NOTHING: Found = { reports: new Map(), views: new Map() }

const validityOf = (error: string | undefined) => ({ valid: error === undefined, error: error ?? null })

async function check(context: Context, paths: string[], options: CheckOptions): Promise<void> {
  const files = await declaredFiles(paths, context)
  const read = files.filter(({ isAsked }) => isAsked)
  const found = options.stored === true ? await overTheRecord(context, files, options) : NOTHING
  const feeds = read.map(({ file, compiled, error }) => ({
    file,
    feed: compiled?.name ?? null,
    ...validityOf(error?.message ?? found.views.get(compiled?.name ?? '')),
    stored: found.reports.get(compiled?.name ?? '') ?? null,
  }))
  const lines = feeds.map(({ file, feed, error, stored: report }) =>
    [error ?? `${file}: ${feed} is valid.`, ...(report === null ? [] : linesOf(report))].join('\n'),
  )
  print(options, { feeds }, lines.join('\n'))
  if (feeds.some(feed => !feed.valid || (feed.stored?.misfitCount ?? 0) > 0)) process.exitCode = EXIT.found
}

async function overTheRecord(context: Context, files: readonly Read[], options: CheckOptions): Promise<Found> {
  const settings = await settingsOf(context, options, 'warn')
  const database = await openDatabase({ settings, log: createLog(settings.logLevel), cwd: context.cwd })
  const reports = new Map<string, StoredReport>()
  const views = new Map<string, string>()
  const made = files.flatMap(({ compiled }) => compiled ?? [])
  const feeds = files.flatMap(({ compiled, isAsked }) => (isAsked ? (compiled ?? []) : []))
  try {
    await migrate(database.store)
    for (const feed of feeds) {
      const broken = await brokenView(database.store, made, feed)
      if (broken !== undefined) views.set(feed.name, broken)
      const { rows } = await database.store.query('select 1 from groundstation.feed where name = $1', [feed.name])
      // A feed that has never run here has no events that could be refused.
      if (rows.length > 0) reports.set(feed.name, await checkStored({ store: database.store, feed }))
    }
    return { reports, views }
  } finally {
    await database.close()
  }
}

/** What PostgreSQL says against a feed's views. Nothing is made. */
async function brokenView(
  store: Store,
  made: readonly CompiledFeed[],
  feed: CompiledFeed,
): Promise<string | undefined> {
  try {
    await tryViews(store, made, [feed])
    return undefined
  } catch (error) {
    if (error instanceof GroundstationError && error.code === 'DECLARATION_INVALID') return error.message
    throw error
  }
}

function linesOf({ events, misfits, misfitCount, statesChanged }: StoredReport): string[] {
  const states =
    statesChanged === 0
      ? 'no state changes'
      : `${counted(statesChanged, 'state')} ${statesChanged === 1 ? 'changes' : 'change'}`
  const sum = `  on the record: ${counted(events, 'event')}, ${misfitCount.toLocaleString('en')} ${misfitCount === 1 ? "doesn't" : "don't"} fit; ${states}`
  const named = misfits.map(
    ({ key, sequence, pointer, message }) =>
      `    ${[key, sequence > 0 ? `number ${sequence}` : null, pointer].filter(part => part !== null && part !== '').join(', ')} ${message}`,
  )
  const more = misfitCount - misfits.length
  return [sum, ...named, ...(more > 0 ? [`    … and ${more.toLocaleString('en')} more`] : [])]
}

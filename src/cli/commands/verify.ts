import type { Command } from 'commander'
import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import { migrate } from '../../store/migrate.ts'
import type { Store } from '../../store/store.ts'
import { type Missing, NOTHING_MISSING } from '../../store/verify/record.ts'
import type { Difference, VerifyReport } from '../../verify/report.ts'
import { verifyFeed } from '../../verify/verify.ts'
import { type CommonOptions, type Context, counted, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../exit.ts'
import { compiledFeeds } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openDatabase } from '../open.ts'
import { createProgress, type ProgressLine } from '../progress.ts'

export function addVerify(program: Command, context: Context): void {
  withCommonOptions(program.command('verify [feeds...]'))
    .description('folds the record again, compares tables and state with it, and names what differs')
    .action((feeds: string[], options: CommonOptions) => verify(context, feeds, options))
}

async function verify(context: Context, paths: string[], options: CommonOptions): Promise<void> {
  const { cwd } = context
  const settings = await settingsOf(context, options, 'warn')
  const feeds = await compiledFeeds(paths, context)
  const database = await openDatabase({ settings, log: createLog(settings.logLevel), cwd })
  const progress = createProgress()
  try {
    await migrate(database.store)
    const reports: VerifyReport[] = []
    for (const feed of feeds) reports.push(await verifyOne(database.store, feed, progress))
    progress.done()
    print(options, { reports }, reports.map(textOf).join('\n'))
    if (reports.some(report => report.differenceCount > 0)) process.exitCode = EXIT.found
  } finally {
    progress.done()
    await database.close()
  }
}

async function verifyOne(store: Store, feed: CompiledFeed, progress: ProgressLine): Promise<VerifyReport> {
  try {
    return await verifyFeed({
      store,
      feed,
      onProgress: ({ events, of }) =>
        progress.show({
          fraction: of === 0 ? undefined : events / of,
          text: `${feed.name}: ${events.toLocaleString('en')} of ${of.toLocaleString('en')} events`,
        }),
    })
  } catch (error) {
    // A feed that has never run here has nothing that could differ.
    if (!(error instanceof GroundstationError) || error.code !== 'NOT_FOUND') throw error
    return { feed: feed.name, events: 0, keys: 0, rows: 0, ...NOTHING_MISSING, differences: [], differenceCount: 0 }
  }
}

function textOf(report: VerifyReport): string {
  const { feed, events, keys, rows, differences, differenceCount } = report
  const seen = `${feed}: ${[counted(events, 'event'), counted(keys, 'key'), counted(rows, 'row')].join(', ')}`
  const missing = missingOf(report)
    .map(part => `, ${part}`)
    .join('')
    .replace(', ', '; ')
  if (differenceCount === 0) return `${seen}: all as the record says${missing}.`
  const more = differenceCount - differences.length
  const lines = differences.map(lineOf)
  const rest = more > 0 ? [`  … and ${more.toLocaleString('en')} more`] : []
  return [`${seen}: ${counted(differenceCount, 'difference')}${missing}.`, ...lines, ...rest].join('\n')
}

/** What was sent and isn't in the tables, or was never seen. */
function missingOf({ held, openGaps, releasedGaps, openDeadLetters }: Missing): string[] {
  return [
    ...(held > 0 ? [`${held.toLocaleString('en')} held`] : []),
    ...(openGaps > 0 ? [`${counted(openGaps, 'gap')} open`] : []),
    ...(releasedGaps > 0
      ? [`${openGaps > 0 ? releasedGaps.toLocaleString('en') : counted(releasedGaps, 'gap')} released`]
      : []),
    ...(openDeadLetters > 0 ? [counted(openDeadLetters, 'dead letter')] : []),
  ]
}

function lineOf({ place, what, key, sequence, expected, found }: Difference): string {
  const where = [place, key, sequence === undefined ? undefined : `number ${sequence}`].filter(
    part => part !== undefined,
  )
  const values = [
    ...(expected === undefined ? [] : [`    the record says ${JSON.stringify(expected)}`]),
    ...(found === undefined ? [] : [`    there is        ${JSON.stringify(found)}`]),
  ]
  return [`  ${where.join(', ')}: ${what}`, ...values].join('\n')
}

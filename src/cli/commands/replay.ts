import { type Command, InvalidArgumentError, Option } from 'commander'
import { keyOf } from '../../api/context.ts'
import { GroundstationError } from '../../errors.ts'
import { replayFeed } from '../../replay/replay.ts'
import type { ReplayReport } from '../../replay/report.ts'
import { migrate } from '../../store/migrate.ts'
import { type CommonOptions, type Context, counted, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../exit.ts'
import { compiledFeed } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openDatabase } from '../open.ts'
import { createProgress } from '../progress.ts'

const PARTS = ['tables', 'state'] as const

type Options = CommonOptions & {
  readonly key?: string
  readonly from?: number
  readonly only?: (typeof PARTS)[number]
  readonly dry?: boolean
}

export function addReplay(program: Command, context: Context): void {
  withCommonOptions(program.command('replay <feed>'))
    .description('rebuilds tables and state from the record, while the feed is served; what is right stays untouched')
    .option('--key <key>', 'only this key')
    .option('--from <number>', 'trusts what lies before this number, where a snapshot allows', numberOf)
    .addOption(new Option('--only <part>', 'only this part').choices(PARTS))
    .option('--dry', 'changes nothing, and says what would be changed')
    .action((feed: string, options: Options) => replay(context, feed, options))
}

async function replay(context: Context, feedName: string, options: Options): Promise<void> {
  const { cwd } = context
  const settings = await settingsOf(context, options, 'warn')
  const feed = await compiledFeed(feedName, context)
  const key = options.key === undefined ? undefined : keyOf(feed, options.key)
  if (options.key !== undefined && key === undefined)
    throw new GroundstationError('NOT_FOUND', `The feed ${feed.name} has no key ${options.key}.`)
  const database = await openDatabase({ settings, log: createLog(settings.logLevel), cwd })
  const progress = createProgress()
  try {
    await migrate(database.store)
    const report = await replayFeed({
      store: database.store,
      feed,
      dry: options.dry === true,
      ...(key === undefined ? {} : { key }),
      ...(options.from === undefined ? {} : { from: options.from }),
      ...(options.only === undefined ? {} : { only: options.only }),
      onProgress: ({ step, done, of }) =>
        progress.show({
          fraction: of === 0 ? undefined : done / of,
          text: `${step}: ${done.toLocaleString('en')} of ${of.toLocaleString('en')}`,
        }),
    })
    progress.done()
    print(options, report, textOf(report))
    if (report.dry && isChanged(report)) process.exitCode = EXIT.found
  } finally {
    progress.done()
    await database.close()
  }
}

function isChanged({ keysChanged, keysRestored, keysRemoved, tables }: ReplayReport): boolean {
  return keysChanged + keysRestored + keysRemoved > 0 || tables.some(({ inserted, deleted }) => inserted + deleted > 0)
}

function textOf(report: ReplayReport): string {
  const { feed, dry, keys, keysChanged, keysRestored, keysRemoved, tables, tablesSkipped } = report
  const counts = `${keysChanged} changed, ${keysRestored} restored, ${keysRemoved} removed`
  return [
    `${feed}: ${counted(keys, 'key')} folded again: ${counts}${dry ? ' (nothing was written)' : ''}`,
    ...tables.map(
      ({ table, inserted, deleted }) => `  ${table}: ${counted(inserted, 'row')} inserted, ${deleted} deleted`,
    ),
    ...tablesSkipped.map(table => `  ${table}: doesn't hold the key, so it is rebuilt without --key only`),
  ].join('\n')
}

function numberOf(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 1) return number
  throw new InvalidArgumentError('Expected a number of 1 or more.')
}

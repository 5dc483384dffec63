import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { describeApi } from '../../api/describe.ts'
import { GroundstationError, messageOf } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { GeneratedFile } from '../../generate/file.ts'
import { ksqldbFile } from '../../generate/ksqldb.ts'
import { sqlFiles } from '../../generate/sql.ts'
import type { ViewColumn } from '../../store/read/views.ts'
import { tryViews } from '../../store/views/trial.ts'
import { type CommonOptions, type Context, print, settingsOf, withCommonOptions } from '../context.ts'
import { compiledFeeds } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openDatabase } from '../open.ts'

type Options = CommonOptions & { readonly out?: string }
type Generator<Given extends Options> = (feeds: CompiledFeed[], options: Given) => Promise<GeneratedFile[]>

export function addGenerate(program: Command, context: Context): void {
  const generate = program
    .command('generate')
    .description('writes what others need to know of the feeds, from their declarations alone')
  add(generate, context, 'sql', 'the DDL of their tables and views, as a start makes them', async feeds =>
    sqlFiles(feeds),
  )
  add(generate, context, 'ksqldb', 'a stream for each of their topics', async feeds => [ksqldbFile(feeds)])
  add(
    generate,
    context,
    'openapi',
    'the description of their API, as /openapi.json tells it',
    async (feeds, options) => {
      const document = await describeApi(feeds, context.version, await columnsOf(feeds, options, context))
      return [{ path: 'openapi.json', text: `${JSON.stringify(document, null, 2)}\n` }]
    },
  )
}

function add<Given extends Options>(
  generate: Command,
  context: Context,
  name: string,
  description: string,
  generator: Generator<Given>,
): Command {
  return withCommonOptions(generate.command(`${name} [feeds...]`))
    .description(description)
    .option('--out <folder>', 'writes files into this folder, in place of standard output')
    .action(async (paths: string[], options: Given) => {
      const files = await generator(await compiledFeeds(paths, context), options)
      await hand(files, options, context)
    })
}

/** Onto standard output, or into the folder: with each file's name where there are several, in either case. */
async function hand(files: readonly GeneratedFile[], options: Options, { cwd }: Context): Promise<void> {
  if (options.out === undefined) {
    const isOne = files.length === 1
    const texts = files.map(({ path, text }) => (isOne || !path.includes('/') ? text : `==> ${path} <==\n${text}`))
    return print(options, { files }, texts.join('\n').trimEnd())
  }
  const folder = resolve(cwd, options.out)
  for (const { path, text } of files) await write(join(folder, path), text)
  const paths = files.map(({ path }) => join(options.out ?? '', path))
  print(options, { files: paths }, paths.join('\n'))
}

async function write(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  } catch (error) {
    throw new GroundstationError('USAGE', `${path} can't be written: ${messageOf(error)}`, { cause: error })
  }
}

/** A view's columns are PostgreSQL's to say. Nothing is made there. */
async function columnsOf(feeds: readonly CompiledFeed[], options: CommonOptions, context: Context) {
  if (feeds.every(({ views }) => views.every(({ path }) => path === undefined))) return new Map<string, ViewColumn[]>()
  const settings = await settingsOf(context, options, 'warn')
  const database = await openDatabase({ settings, log: createLog(settings.logLevel), cwd: context.cwd })
  try {
    return await tryViews(database.store, feeds)
  } finally {
    await database.close()
  }
}

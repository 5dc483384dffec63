import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { describeApi } from '../../api/describe.ts'
import { GroundstationError, messageOf } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import { diagramFile } from '../../generate/diagram.ts'
import type { GeneratedFile } from '../../generate/file.ts'
import { ksqldbFile } from '../../generate/ksqldb.ts'
import { sqlFiles } from '../../generate/sql.ts'
import { trinoFiles } from '../../generate/trino/files.ts'
import { type CommonOptions, type Context, print, settingsOf, withCommonOptions } from '../context.ts'
import { type FeedsToStart, feedsToStart } from '../feeds.ts'
import { placesOf } from '../trino-places.ts'
import { viewColumns } from '../view-columns.ts'

type Options = CommonOptions & { readonly out?: string }
type SqlOptions = Options & { readonly diagram?: boolean }
type Generator<Given extends Options> = (
  feeds: CompiledFeed[],
  options: Given,
  declared: FeedsToStart,
) => Promise<GeneratedFile[]>

export function addGenerate(program: Command, context: Context): void {
  const generate = program
    .command('generate')
    .description('writes what others need to know of the feeds, from their declarations alone')
  add<SqlOptions>(
    generate,
    context,
    'sql',
    'the DDL of their tables and views, as a start makes them',
    async (feeds, { diagram }) => (diagram === true ? [diagramFile(feeds)] : sqlFiles(feeds)),
  ).option('--diagram', 'a picture of the tables in place of it, as Mermaid draws it')
  add(generate, context, 'ksqldb', 'a stream for each of their topics', async feeds => [ksqldbFile(feeds)])
  add(generate, context, 'trino', "what belongs into Trino's etc folder, and queries", async (feeds, options) =>
    trinoFiles(feeds, placesOf(await settingsOf(context, options))),
  )
  add(generate, context, 'openapi', 'what /openapi.json tells of their API', async (feeds, options, declared) => {
    const document = await describeApi(feeds, context.version, await viewColumns(declared, options, context))
    return [{ path: 'openapi.json', text: `${JSON.stringify(document, null, 2)}\n` }]
  })
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
      const declared = await feedsToStart(paths, context)
      const files = await generator([...declared.feeds], options, declared)
      await hand(files, options, context)
    })
}

/** Onto standard output, with their names where they go into several folders; or into these. */
async function hand(files: readonly GeneratedFile[], options: Options, { cwd }: Context): Promise<void> {
  if (options.out === undefined) {
    const areNamed = files.some(({ path }) => path.includes('/'))
    const texts = files.map(({ path, text }) => (areNamed ? `==> ${path} <==\n${text}` : text))
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

import type { Command } from 'commander'
import { readFeeds } from '../../loader/load.ts'
import { type CommonOptions, type Context, print, withCommonOptions } from '../context.ts'
import { EXIT } from '../exit.ts'

export function addCheck(program: Command, context: Context): void {
  withCommonOptions(program.command('check [feeds...]'))
    .description('checks declarations; a mistake is told with its place and the reason')
    .action((feeds: string[], options: CommonOptions) => check(context, feeds, options))
}

async function check({ cwd }: Context, paths: string[], options: CommonOptions): Promise<void> {
  const feeds = (await readFeeds(paths, cwd)).map(({ file, compiled, error }) => ({
    file,
    feed: compiled?.name ?? null,
    valid: error === undefined,
    error: error?.message ?? null,
  }))
  const lines = feeds.map(({ file, feed, error }) => error ?? `${file}: ${feed} is valid.`)
  print(options, { feeds }, lines.join('\n'))
  if (feeds.some(feed => !feed.valid)) process.exitCode = EXIT.found
}

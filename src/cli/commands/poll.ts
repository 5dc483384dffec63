import type { Command } from 'commander'
import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { CompiledPoll } from '../../feed/poll.ts'
import { PollClient } from '../../sources/poll/client.ts'
import { pollNow, textOf } from '../../sources/poll/poller.ts'
import type { PollReport } from '../../sources/poll/run.ts'
import { type CommonOptions, type Context, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT, exitCodeOf } from '../exit.ts'
import { compiledFeed } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openRuntime } from '../open.ts'
import { CHANCE } from '../polls.ts'
import { stopOnSignals } from '../stop.ts'

type Options = CommonOptions & { readonly once?: boolean }

export function addPoll(program: Command, context: Context): void {
  withCommonOptions(program.command('poll <feed>'))
    .description('polls a feed now, says what came of it, and ends; start polls by the schedule')
    .requiredOption('--once', 'one poll')
    .action((feed: string, options: Options) => run(context, feed, options))
}

async function run(context: Context, name: string, options: Options): Promise<void> {
  const settings = await settingsOf(context, options, 'warn')
  const feed = await compiledFeed(name, context)
  const poll = polledIn(feed)
  const stopping = stopOnSignals()
  const { signal } = stopping
  const log = createLog(settings.logLevel)
  const runtime = await openRuntime({ settings, log, cwd: context.cwd, signal, feeds: [feed] })
  const client = new PollClient(poll)
  try {
    const { eventBytesMax } = settings.limits
    const asked = { engine: runtime.engine, feed: feed.name, poll, client, eventBytesMax, chance: CHANCE }
    tell(feed.name, await pollNow(asked, signal), options)
  } catch (error) {
    if (!signal.aborted) throw error
    process.stderr.write('Interrupted. What was read is stored; the next poll goes on from there.\n')
    process.exitCode = stopping.code()
  } finally {
    await client.close()
    await runtime.close()
  }
}

function polledIn({ name, source }: CompiledFeed): CompiledPoll {
  if (source.poll !== undefined) return source.poll
  if (source.unset === undefined) throw new GroundstationError('USAGE', `The feed ${name} isn't polled.`)
  throw new GroundstationError('SETTING_INVALID', `${source.unset} isn't set: the feed ${name} is off without it.`)
}

function tell(feed: string, report: PollReport, options: Options): void {
  const { failure, ...counts } = report
  const error = failure === undefined ? null : { code: failure.code, message: failure.message }
  const text = failure === undefined ? textOf(report) : `${failure.message}\n${textOf(report)}`
  print(options, { feed, ...counts, error }, text)
  process.exitCode = failure !== undefined ? exitCodeOf(failure) : report.rejected > 0 ? EXIT.found : EXIT.done
}

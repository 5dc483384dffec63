import type { Command } from 'commander'
import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { CompiledPoll } from '../../feed/poll.ts'
import { PollClient } from '../../sources/poll/client.ts'
import { pollNow, textOf } from '../../sources/poll/poller.ts'
import type { PollReport } from '../../sources/poll/run.ts'
import { type CommonOptions, type Context, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT, exitCodeOf } from '../exit.ts'
import { compiledFeeds } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openRuntime } from '../open.ts'
import { CHANCE } from '../polls.ts'
import { stopOnSignals } from '../stop.ts'

type Options = CommonOptions & { readonly once?: boolean; readonly acceptDrop?: boolean }

export function addPoll(program: Command, context: Context): void {
  withCommonOptions(program.command('poll <feed>'))
    .description('polls a feed now, says what came of it, and ends; start polls by the schedule')
    .requiredOption('--once', 'one poll')
    .option('--accept-drop', 'believes a poll that has far fewer items than the one before: what it lacks may be gone')
    .action((feed: string, options: Options) => run(context, feed, options))
}

async function run(context: Context, name: string, options: Options): Promise<void> {
  const settings = await settingsOf(context, options, 'warn')
  const feeds = await compiledFeeds([name], context)
  const polled = feeds.map(feed => ({ feed: feed.name, poll: polledIn(feed) }))
  const stopping = stopOnSignals()
  const { signal } = stopping
  const log = createLog(settings.logLevel)
  const runtime = await openRuntime({ settings, log, cwd: context.cwd, signal, feeds })
  try {
    const { eventBytesMax } = settings.limits
    const acceptsDrop = options.acceptDrop === true
    const polls: Polled[] = []
    // One after another: they may be of one API.
    for (const { feed, poll } of polled) {
      const client = new PollClient(poll)
      const asked = { engine: runtime.engine, feed, poll, client, eventBytesMax, chance: CHANCE, acceptsDrop }
      polls.push({ feed, report: await pollNow(asked, signal).finally(() => client.close()) })
    }
    tell(polls, options)
  } catch (error) {
    if (!signal.aborted) throw error
    process.stderr.write('Interrupted. What was read is stored; the next poll goes on from there.\n')
    process.exitCode = stopping.code()
  } finally {
    await runtime.close()
  }
}

function polledIn({ name, source }: CompiledFeed): CompiledPoll {
  if (source.poll !== undefined) return source.poll
  if (source.unset === undefined) throw new GroundstationError('USAGE', `The feed ${name} isn't polled.`)
  throw new GroundstationError('SETTING_INVALID', `${source.unset} isn't set: the feed ${name} is off without it.`)
}

type Polled = { readonly feed: string; readonly report: PollReport }

/** Of one feed its report; of a file's feeds a list of theirs. What one of them lacks doesn't stop the others. */
function tell(polls: readonly Polled[], options: Options): void {
  const results = polls.map(({ feed, report: { failure, note, ...counts } }) => ({
    feed,
    ...counts,
    note: note ?? null,
    error: failure === undefined ? null : { code: failure.code, message: failure.message },
  }))
  const texts = polls.map(({ feed, report }) => {
    const text = report.failure === undefined ? textOf(report) : `${report.failure.message}\n${textOf(report)}`
    return polls.length === 1 ? text : `${feed}: ${text}`
  })
  print(options, results.length === 1 ? results[0] : results, texts.join('\n'))
  const failure = polls.map(({ report }) => report.failure).find(one => one !== undefined)
  const isFound = polls.some(({ report: { rejected, note } }) => rejected > 0 || note !== undefined)
  process.exitCode = failure !== undefined ? exitCodeOf(failure) : isFound ? EXIT.found : EXIT.done
}

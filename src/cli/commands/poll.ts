import type { Command } from 'commander'
import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { Settings } from '../../settings/settings.ts'
import { PollClient } from '../../sources/poll/client.ts'
import { pollNow } from '../../sources/poll/poller.ts'
import type { PollReport } from '../../sources/poll/run.ts'
import { type CommonOptions, type Context, settingsOf, withCommonOptions } from '../context.ts'
import { feedsToStart } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openRuntime, type Runtime } from '../open.ts'
import { remedyOf } from '../poll-remedy.ts'
import { hintOf, type Polled, tellPolls } from '../polled.ts'
import { CHANCE } from '../polls.ts'
import { stopOnSignals } from '../stop.ts'

type Options = CommonOptions & { readonly once?: boolean; readonly acceptDrop?: boolean; readonly now?: boolean }

export function addPoll(program: Command, context: Context): void {
  withCommonOptions(program.command('poll <feeds...>'))
    .description('polls feeds now, one after another, says what came of each, and ends; start polls by the schedule')
    .option('--once', 'one poll of each; has to be said')
    .option('--accept-drop', 'believes a poll that has far fewer items than the one before: what it lacks may be gone')
    .option('--now', 'asks an API also before the time until which it has asked to be left alone (Retry-After)')
    .action((feeds: string[], options: Options) => run(context, feeds, options))
}

async function run(context: Context, paths: string[], options: Options): Promise<void> {
  if (options.once !== true) {
    const feeds = paths.join(' ')
    const told = `By their schedule start polls them: groundstation start ${feeds}\nOne poll now: groundstation poll ${feeds} --once`
    throw new GroundstationError('USAGE', told)
  }
  const settings = await settingsOf(context, options, 'warn')
  const declared = await feedsToStart(paths, context)
  const feeds = polledOf(declared.feeds)
  const stopping = stopOnSignals()
  const { signal } = stopping
  const log = createLog(settings.logLevel)
  const runtime = await openRuntime({ settings, log, cwd: context.cwd, signal, declared })
  try {
    const polls: Polled[] = []
    // One after another: they may be of one API.
    for (const feed of feeds) polls.push(await poll(feed, { runtime, settings, options, signal }))
    const [only] = polls
    if (polls.length === 1 && only?.report === undefined) throw only?.error
    tellPolls(polls, options, hintOf(declared))
  } catch (error) {
    if (!signal.aborted) throw error
    process.stderr.write('Interrupted. What was read is stored; the next poll goes on from there.\n')
    process.exitCode = stopping.code()
  } finally {
    await runtime.close()
  }
}

/** Of several those that are polled; of a file's feeds some may not be. Raises USAGE, and SETTING_INVALID where all are off. */
function polledOf(feeds: readonly CompiledFeed[]): CompiledFeed[] {
  const polled = feeds.filter(({ source }) => source.kind === 'poll')
  const [first] = polled
  if (first === undefined)
    throw new GroundstationError('USAGE', `${feeds.map(({ name }) => name).join(', ')}: no such feed is polled.`)
  if (polled.every(({ source }) => source.poll === undefined)) throw off(first)
  return polled
}

const off = ({ name, source }: CompiledFeed) =>
  new GroundstationError('SETTING_INVALID', `${source.unset} isn't set: the feed ${name} is off without it.`)

type Asking = {
  readonly runtime: Runtime
  readonly settings: Settings
  readonly options: Options
  readonly signal: AbortSignal
}

/** What one of them lacks doesn't stop the others. */
async function poll(feed: CompiledFeed, { runtime, settings, options, signal }: Asking): Promise<Polled> {
  const { name, source } = feed
  if (source.poll === undefined) return { feed: name, error: off(feed) }
  const client = new PollClient(source.poll)
  const { eventBytesMax } = settings.limits
  const acceptsDrop = options.acceptDrop === true
  const asked = {
    engine: runtime.engine,
    feed: name,
    poll: source.poll,
    client,
    eventBytesMax,
    chance: CHANCE,
    acceptsDrop,
  }
  try {
    const report: PollReport = await pollNow(asked, signal, options.now === true)
    const { failure } = report
    if (failure === undefined) return { feed: name, report, error: undefined }
    return { feed: name, report, error: failure, remedy: remedyOf(failure.cause, source.poll) }
  } catch (error) {
    if (isKept(error)) return { feed: name, error }
    throw error
  } finally {
    await client.close()
  }
}

/** What keeps a feed from being polled at all. */
const isKept = (error: unknown): error is GroundstationError =>
  error instanceof GroundstationError && (error.code === 'BUSY' || error.code === 'SOURCE_UNREACHABLE')

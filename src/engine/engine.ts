import { GroundstationError, messageOf } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { migrate } from '../store/migrate.ts'
import type { Store } from '../store/store.ts'
import { makeViews } from '../store/views/make.ts'
import { lacksRelation } from '../store/views/problem.ts'
import { Beside } from './beside.ts'
import type { Engine, EngineHealth, PartitionLogs, Polls } from './contract.ts'
import { keepsOf } from './keeps.ts'
import { Refresher } from './refresher.ts'
import { FeedRunner } from './runner.ts'
import { WRITER_LIMITS, type WriterLimits } from './writer.ts'

export type EngineOptions = {
  readonly store: Store
  readonly feeds: readonly CompiledFeed[]
  /** Those that run and those whose tables and views are only to be there, in the order in which views may read one another. */
  readonly made?: readonly CompiledFeed[]
  readonly log?: (level: 'info' | 'warn' | 'error', message: string) => void
  /** Writers, and so transactions at once, a feed. */
  readonly writers?: number
  /** Keys whose cursor and state are remembered between batches, a feed. */
  readonly keysRemembered?: number
  readonly limits?: Partial<WriterLimits>
  /** How often holes whose wait is over are looked for. */
  readonly sweepMs?: number
  /** Without it a view over another feed's tables, which aren't there yet, is left out, and told. It is, unless told otherwise. */
  readonly needsViews?: boolean
  /** How often it is asked which views are due to be refreshed. */
  readonly refreshTurnMs?: number
  /** Whether this process looks for them, by feed; it does, unless told otherwise. */
  readonly sweeps?: (feed: CompiledFeed) => boolean
  /** Whether topics are read, here or elsewhere, so that their partitions are waited for; unless told otherwise. */
  readonly readsTopics?: boolean
}

/** The engine over one database. `start` migrates it and registers the feeds. */
export function createEngine(options: EngineOptions): Engine & PartitionLogs & Polls {
  const log = options.log ?? (() => undefined)
  const keeps = keepsOf(options.made ?? options.feeds)
  const runners = new Map<string, FeedRunner>()
  for (const feed of options.feeds)
    runners.set(
      feed.name,
      new FeedRunner({
        feed,
        store: options.store,
        log,
        writers: options.writers ?? 2,
        keysRemembered: options.keysRemembered ?? 100_000,
        limits: { ...WRITER_LIMITS, ...options.limits },
        sweepMs: options.sweepMs ?? 1_000,
        releases: options.sweeps?.(feed) !== false,
        readsTopics: options.readsTopics !== false,
        keeps,
      }),
    )
  const runner = (name: string): FeedRunner => {
    const found = runners.get(name)
    if (found === undefined) throw new GroundstationError('NOT_FOUND', `There is no feed ${name}`)
    return found
  }
  const refreshed = options.feeds.filter(({ views }) => views.some(({ refreshMs }) => refreshMs !== undefined))
  const refresher = new Refresher({
    store: options.store,
    feeds: refreshed.map(({ name }) => name),
    everyMs: options.refreshTurnMs ?? 1_000,
    log: message => log('warn', message),
  })
  let state: 'new' | 'started' | 'stopped' = 'new'
  return {
    feeds: new Map(options.feeds.map(feed => [feed.name, feed])),
    submit: async (feed, submission) => runner(feed).submit(submission),
    room: async (feed, signal) => runner(feed).room(signal),
    log: async (feed, name) => runner(feed).knownLog(name),
    partitions: async feed => runner(feed).partitions(),
    takeOver: async (feed, place, start) => runner(feed).takeOver(place, start),
    block: async (feed, place, problem) => runner(feed).block(place, problem),
    caughtUp: async (feed, logs) => runner(feed).caughtUp(logs),
    polls: feed => runner(feed).polls(),
    claim: async (feed, name, digest) => runner(feed).claim(name, digest),
    stateAt: async (feed, key, at) => runner(feed).stateAt(key, at),
    recordPlace: async feed => runner(feed).recordPlace(),
    changes: feed => runner(feed).changes(),
    onApplied: (feed, applied) => runner(feed).onApplied(applied),
    dryRun: async (feed, event) => runner(feed).dryRun(event),
    dismiss: async (feed, deadLetter) => runner(feed).dismiss(deadLetter),
    health: () => healthOf(state, [...runners.values()]),
    start: async () => {
      await migrate(options.store)
      for (const one of runners.values()) await one.start()
      const { made = options.feeds } = options
      const beside = new Beside(options.store, message => log('warn', message))
      for (const feed of made) if (!runners.has(feed.name)) await beside.make(feed)
      // Once every table is there: a view may read another feed's.
      for (const feed of made)
        if (runners.has(feed.name)) await startViews(options, feed, message => log('warn', message))
        else await beside.makeViews(feed)
      refresher.start()
      state = 'started'
    },
    stop: async () => {
      state = 'stopped'
      await refresher.stop()
      await Promise.all([...runners.values()].map(one => one.stop()))
    },
  }
}

async function startViews(
  { store, needsViews = true }: EngineOptions,
  feed: CompiledFeed,
  log: (message: string) => void,
): Promise<void> {
  try {
    await makeViews(store, feed, log)
  } catch (error) {
    if (needsViews || !lacksRelation(error)) throw error
    log(`${messageOf(error)}. It is made when all feeds are started`)
  }
}

function healthOf(state: 'new' | 'started' | 'stopped', runners: readonly FeedRunner[]): EngineHealth {
  if (state === 'new') return { isReady: false, reason: 'starting' }
  if (state === 'stopped') return { isReady: false, reason: 'stopping' }
  const failed = runners.find(one => one.failure !== undefined)
  return failed === undefined
    ? { isReady: true, reason: undefined }
    : { isReady: false, reason: `${failed.name}: ${messageOf(failed.failure)}` }
}

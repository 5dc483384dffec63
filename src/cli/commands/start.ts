import { type Command, InvalidArgumentError } from 'commander'
import type { Logger } from 'pino'
import { createServer, type Server } from '../../api/server.ts'
import { GroundstationError, messageOf } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import { isLoopback, ROLES, type Role, type Settings } from '../../settings/settings.ts'
import { ALERTS_CHANNEL } from '../../store/listen.ts'
import { isDeserted } from '../../store/users/accounts.ts'
import { createUsers } from '../../users/users.ts'
import { type CommonOptions, type Context, settingsOf, withCommonOptions } from '../context.ts'
import { feedsToStart } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openRuntime, type Runtime } from '../open.ts'
import { type OutputRoles, openOutputs } from '../outputs.ts'
import { openPolls, type PollRoles } from '../polls.ts'
import { announce } from '../ready.ts'
import { aborted, stopAll, stopOnSignals } from '../stop.ts'
import type { TopicRoles } from '../topic-roles.ts'
import { openTopics } from '../topics.ts'
import { secretOf } from '../users.ts'

type Options = CommonOptions & { readonly open?: boolean; readonly roles: readonly Role[] }

/** From the first signal to the end: the server's own bound, a batch that is tried again, and the database's stop. */
const STOP_MS_MAX = 60_000

export function addStart(program: Command, context: Context): void {
  withCommonOptions(program.command('start [feeds...]'))
    .description('serves the feeds of files, folders or names; those in feeds/ where none is given')
    .option('--host <address>', 'where to listen (HOST); 127.0.0.1 unless told otherwise')
    .option('--port <number>', 'the port (PORT); 8088 unless told otherwise')
    .option('--roles <roles>', 'of gateway, worker and api; all in one process unless told otherwise', rolesOf, [
      ...ROLES,
    ])
    .option('--open', 'lets everyone who reaches the address post and read, but for feeds that state their access')
    .action((feeds: string[], options: Options) => start(context, feeds, options))
}

async function start(context: Context, paths: string[], options: Options): Promise<void> {
  const { cwd } = context
  const settings = await settingsOf(context, options)
  refuseOpenDoor(settings, options.open === true)
  const log = createLog(settings.logLevel)
  leaveOnFault(log)
  const stopping = stopOnSignals()
  const { signal } = stopping
  const declared = await feedsToStart(paths, context)
  const { feeds } = declared
  let runtime: Runtime | undefined
  let topics: TopicRoles | undefined
  let polls: PollRoles | undefined
  let outputs: OutputRoles | undefined
  let server: Server | undefined
  try {
    runtime = await openRuntime({
      settings,
      log,
      cwd,
      signal,
      declared,
      sweeps: sweepsOf(settings, options.roles),
      needsViews: true,
    })
    topics = await openTopics({ engine: runtime.engine, settings, feeds, roles: options.roles, log })
    outputs = await openOutputs({ store: runtime.database.store, settings, feeds, roles: options.roles, log })
    server = await serve(context, { settings, log, feeds, runtime, topics, options })
    const { address } = await server.listen({ host: settings.host, port: settings.port })
    const { psql, store } = runtime.database
    const asks = !(options.open === true || isLoopback(settings.host))
    const lacksUsers = (asks || feeds.some(feed => feed.access !== undefined)) && (await isDeserted(store.query))
    const { version } = context
    announce({ address, feeds, settings, roles: options.roles, psql, version, lacksUsers, asks }, options)
    polls = await openPolls({ engine: runtime.engine, settings, feeds, roles: options.roles, log })
    await Promise.race([aborted(signal), lostOf(runtime)])
    log.info('stopping')
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    const open = [polls, server, outputs, topics, runtime].filter(one => one !== undefined)
    await stopAll(
      log,
      STOP_MS_MAX,
      open.map(one => () => one.close()),
    )
  }
}

type Serving = {
  readonly settings: Settings
  readonly log: Logger
  readonly feeds: readonly CompiledFeed[]
  readonly runtime: Runtime
  readonly topics: TopicRoles
  readonly options: Options
}

async function serve(
  { version }: Context,
  { settings, log, feeds, runtime, topics, options }: Serving,
): Promise<Server> {
  const { query } = runtime.database.store
  const users = createUsers({ query, secret: await secretOf(settings, log) })
  return createServer({
    engine: runtime.engine,
    intake: topics.intake,
    health: topics.health,
    lag: topics.lag,
    tls: settings.tls,
    listen: onGrown => runtime.database.store.listen(ALERTS_CHANNEL, onGrown),
    query,
    users,
    isOpen: options.open === true,
    feeds: new Map(feeds.map(feed => [feed.name, feed])),
    limits: settings.limits,
    log,
    version,
    roles: options.roles.filter(role => role !== 'worker'),
  })
}

/** Holes of a topic's feed are released by who reads it; others' by who takes their posts. */
function sweepsOf({ kafka }: Settings, roles: readonly Role[]): (feed: CompiledFeed) => boolean {
  return ({ source }) => {
    const isRead = kafka !== undefined && source.topic !== undefined
    return roles.includes('worker') || (!isRead && roles.includes('gateway'))
  }
}

/** Rejects when the embedded database keeps dying: nothing can be kept any more. */
function lostOf({ database: { lost } }: Runtime): Promise<never> {
  return new Promise((_, reject) => {
    lost?.addEventListener('abort', () => reject(lost.reason), { once: true })
  })
}

function refuseOpenDoor({ host, secret }: Settings, isOpen: boolean): void {
  if (isOpen || secret !== undefined || isLoopback(host)) return
  throw new GroundstationError(
    'SETTING_INVALID',
    `HOST is '${host}', which others reach, and GROUNDSTATION_SECRET isn't set: expected a secret, a loopback address, or --open to let everyone post and read.`,
  )
}

/** A fault that nobody foresaw leaves nothing half done: what was acknowledged is in the database, and the next start goes on. */
function leaveOnFault(log: Logger): void {
  const leave = (error: unknown) => {
    log.fatal({ err: error }, messageOf(error))
    process.exit(1)
  }
  process.on('uncaughtException', leave)
  process.on('unhandledRejection', leave)
}

function rolesOf(text: string): Role[] {
  const roles = text.split(',').map(role => role.trim())
  if (roles.every((role): role is Role => ROLES.some(one => one === role))) return roles
  throw new InvalidArgumentError(`Expected ${ROLES.join(', ')}, several with commas between.`)
}

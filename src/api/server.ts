import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { Engine, EngineHealth, Intake } from '../engine/contract.ts'
import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { Budget } from '../sources/http/budget.ts'
import { DEFAULT_LIMITS, type Limits } from '../sources/http/limits.ts'
import { posting } from '../sources/http/plugin.ts'
import { problemOf, sendProblem } from '../sources/http/problem.ts'
import type { Query } from '../store/read/query.ts'
import type { ViewColumn } from '../store/read/views.ts'
import type { Users } from '../users/users.ts'
import { addAccess, type NeededAt } from './access.ts'
import { addAlerts } from './alerts.ts'
import { answerUnreadable, boundConnections } from './connections.ts'
import type { LagOf } from './context.ts'
import { addErrors, type Log } from './errors.ts'
import { addFeeds } from './feeds.ts'
import { addGaps } from './gaps.ts'
import { addGuard, type Guard } from './guard.ts'
import { addHealth } from './health.ts'
import { addHome } from './home.ts'
import { addLetters } from './letters.ts'
import { Seats } from './live/seats.ts'
import type { LiveContext } from './live/serve.ts'
import { addMetrics } from './metrics.ts'
import { addDescription, addDocs } from './openapi.ts'
import { addRecord } from './record.ts'
import { addReplay } from './replay.ts'
import { addRows } from './rows.ts'
import { addStateChanges } from './state-changes.ts'
import { addStates } from './states.ts'
import { addUsers } from './users.ts'
import { addViews, knownViews } from './views.ts'

/** `gateway` takes events, `api` answers from the record. */
export type ServerRole = 'gateway' | 'api'

export type ServerOptions = {
  readonly engine: Engine
  /** What takes posts; the engine, without it. */
  readonly intake?: Intake
  /** The engine's, without it. */
  readonly health?: () => EngineHealth
  /** How far behind a feed's topic is read. */
  readonly lag?: LagOf
  /** PEM texts; without it connections aren't encrypted. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  readonly query: Query
  readonly feeds: ReadonlyMap<string, CompiledFeed>
  /** The columns of views, by the views' names; read from the database, without it. */
  readonly columns?: ReadonlyMap<string, readonly ViewColumn[]>
  /** Calls back when a stream of alerts has grown, with its path; streams are looked at now and then, without it. */
  readonly listen?: (onGrown: (stream: string) => void) => void
  /** Who may ask; without it no token is taken, and nobody logs in. */
  readonly users?: Users
  /** Lets everyone who reaches the address post and read, but for feeds that state their access. */
  readonly isOpen?: boolean
  readonly limits?: Partial<Limits>
  readonly log: Log
  readonly version: string
  /** Both, without it. */
  readonly roles?: readonly ServerRole[]
}

export type Server = {
  /** Resolves when connections are taken. Raises PORT_TAKEN. */
  listen(place: { readonly host: string; readonly port: number }): Promise<{ readonly address: string }>
  /** Takes nothing new, finishes what is being answered, cuts what takes too long. Idempotent, and safe before `listen`. */
  close(): Promise<void>
  /** The OpenAPI document. */
  openapi(): Readonly<Record<string, unknown>>
}

export async function createServer(options: ServerOptions): Promise<Server> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const stopping = new AbortController()
  const guard: Guard = { isLoopback: undefined, stopping: stopping.signal }
  const server = fastify(limits, options.tls)
  addErrors(server, options.log)
  addGuard(server, guard)
  const neededAt = addAccess(server, {
    feeds: options.feeds,
    identify: options.users?.identify ?? (async () => undefined),
    asks: () => guard.isLoopback !== true && options.isOpen !== true,
  })
  boundConnections(server.server, limits)
  const asksHere = () => (guard.isLoopback === undefined ? undefined : !guard.isLoopback && options.isOpen !== true)
  await addDescription(server, options.feeds, options.version, asksHere)
  await addRoutes(server, options, limits, stopping.signal, neededAt)
  await server.ready()
  let closing: Promise<void> | undefined
  return {
    listen: async ({ host, port }) => {
      const address = await bind(server, host, port)
      guard.isLoopback = isLoopback(server.server.address())
      return { address }
    },
    close: () => {
      stopping.abort()
      closing ??= closeWithin(server, limits.closeMsMax)
      return closing
    },
    openapi: () => server.swagger() as unknown as Readonly<Record<string, unknown>>,
  }
}

function fastify(limits: Limits, tls: ServerOptions['tls']): FastifyInstance {
  const timeouts = { headersTimeout: limits.headersMsMax, connectionsCheckingInterval: 1_000 }
  const server = Fastify({
    logger: false,
    // The guard says it, as a problem and with Retry-After.
    return503OnClosing: false,
    keepAliveTimeout: limits.keepAliveMs,
    // A stream may take as long as it likes; bodies that are read whole have a time of their own.
    requestTimeout: 0,
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply as FastifyReply, problemOf(error))
    },
    routerOptions: { maxParamLength: 8192 },
    ...(tls === undefined ? { http: timeouts } : { https: { ...timeouts, ...tls, minVersion: 'TLSv1.2' } }),
  })
  // The schemas describe the API. The engine checks events, on the bytes; the routes check their own parameters.
  server.setValidatorCompiler(() => () => true)
  server.setSerializerCompiler(() => data => JSON.stringify(data))
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, _payload, done) => done(null))
  return server
}

async function addRoutes(
  server: FastifyInstance,
  options: ServerOptions,
  limits: Limits,
  stopping: AbortSignal,
  neededAt: NeededAt,
) {
  const { engine, feeds, query, roles = ['gateway', 'api'], intake = engine } = options
  const { health = () => engine.health(), lag = async () => undefined } = options
  const budget = new Budget(limits.bufferedBytesMax)
  addHealth(server, health, stopping)
  addMetrics(server, { query, feeds, lag })
  if (roles.includes('gateway'))
    await server.register(posting, { gateway: { engine: intake, limits, budget, stopping }, feeds })
  if (roles.includes('api')) {
    const context = { engine, query, feeds, limits, budget, lag }
    addHome(server, feeds, neededAt)
    const live: LiveContext = {
      seats: new Seats(limits.streamsPerUserMax),
      heartbeatMs: limits.heartbeatMs,
      stuckMsMax: limits.stuckMsMax,
      stopping,
      log: options.log,
      listen: options.listen ?? (() => undefined),
    }
    addStates(server, context, live)
    addStateChanges(server, context)
    addRows(server, context)
    const { columns } = options
    addViews(server, context, columns === undefined ? await knownViews(query, feeds) : { columns, readers: new Map() })
    addAlerts(server, context, live)
    addFeeds(server, context)
    if (options.users !== undefined) addUsers(server, { users: options.users, limits, budget })
    addRecord(server, context)
    addGaps(server, context)
    addLetters(server, context)
    addReplay(server, context)
  }
  await addDocs(server)
}

async function bind(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'EADDRINUSE')
      throw new GroundstationError(
        'PORT_TAKEN',
        `Port ${port} of ${host} is taken by another program. Stop it, or choose another port with --port or PORT.`,
        { cause: error },
      )
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new GroundstationError('SETTING_INVALID', `${host}:${port} can't be listened on (${code}).`, {
        cause: error,
      })
    throw error
  }
}

const isLoopback = (address: AddressInfo | string | null): boolean =>
  typeof address === 'object' && (address?.address === '::1' || address?.address.startsWith('127.') === true)

async function closeWithin(server: FastifyInstance, msMax: number): Promise<void> {
  // A connection that was answered meanwhile would be kept for its next request.
  const idle = setInterval(() => server.server.closeIdleConnections(), 50)
  const timer = setTimeout(() => server.server.closeAllConnections(), msMax)
  try {
    await server.close()
  } finally {
    clearInterval(idle)
    clearTimeout(timer)
  }
}

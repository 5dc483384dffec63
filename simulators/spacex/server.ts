import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { GroundstationError } from '../../src/errors.ts'
import type { SpacexData } from './data/document.ts'
import { type Faults, parseFaults } from './faults/faults.ts'
import { type Trouble, Troubles } from './faults/trouble.ts'
import { answerGraphql } from './graphql/answer.ts'
import { Refused } from './refused.ts'
import { type Answer, NOT_FOUND, REST_ROUTES } from './rest/routes.ts'
import { send } from './send.ts'
import type { Clock } from './story/clock.ts'
import { type Story, storyOf } from './story/story.ts'
import { type SpacexReport, Tally } from './tally.ts'
import { moveTime, timeShown } from './time-route.ts'

export type ServerOptions = {
  readonly data: SpacexData
  readonly seed: number
  readonly clock: (story: Story) => Clock
  readonly faults: Faults
  readonly host: string
  /** 0 takes one that is free. */
  readonly port: number
}

export type SpacexServer = {
  /** Without a slash at its end. */
  readonly url: string
  report(): SpacexReport
  /** Cuts what is being answered. Idempotent. */
  close(): Promise<void>
}

const BODY_MAX = 1024 * 1024

export async function startServer({ data, seed, clock, faults, host, port }: ServerOptions): Promise<SpacexServer> {
  const app = Fastify({ bodyLimit: BODY_MAX, forceCloseConnections: true })
  const stopping = new AbortController()
  const tally = new Tally()
  const troubles = new Troubles(faults, seed)
  const story = storyOf(data, seed)
  const time = clock(story)
  app.setErrorHandler((error, _, reply) => refuse(error, reply))
  app.setNotFoundHandler((_, reply) => reply.code(404).type('text/plain').send(NOT_FOUND.document))
  const simulated = (answer: (request: FastifyRequest, trouble: Trouble) => Answer | Promise<Answer>) => {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const trouble = troubles.of(request.method, request.url, request.body)
      if (trouble.slowMs > 0) await wait(trouble.slowMs, undefined, { signal: stopping.signal })
      const sent =
        instead(reply, trouble, troubles.faults) ?? send(request, reply, await answer(request, trouble), trouble)
      tally.count(reply.statusCode, trouble)
      return sent
    }
  }
  for (const { method, path, answer } of REST_ROUTES)
    app.route({
      method,
      url: path,
      handler: simulated(({ params, body }, trouble) => {
        return answer({ known: story.at(time.nowMs()), id: (params as { id?: string }).id ?? '', body, trouble })
      }),
    })
  app.post(
    '/graphql',
    simulated(({ body }, trouble) => answerGraphql(story.at(time.nowMs()), body, trouble)),
  )
  addControls(app, { troubles, story, time, tally })
  const url = await listen(app, host, port)
  return {
    url,
    report: () => tally.report(),
    close: () => {
      stopping.abort()
      return app.close()
    },
  }
}

type Controls = {
  readonly troubles: Troubles
  readonly story: Story
  readonly time: Clock
  readonly tally: Tally
}

/** What the real API doesn't have. Nothing goes wrong with these. */
function addControls(app: FastifyInstance, { troubles, story, time, tally }: Controls): void {
  app.get('/_time', () => timeShown(time, story))
  app.post('/_time', ({ body }) => {
    moveTime(time, story, body)
    return timeShown(time, story)
  })
  app.get('/_faults', () => troubles.faults)
  app.post('/_faults', ({ body }) => {
    const { faults } = (body ?? {}) as { readonly faults?: unknown }
    if (typeof faults !== 'string')
      throw new Refused('faults are a text, such as 500=0.1,slow=2s; an empty one for none.')
    troubles.faults = parseFaults(faults)
    return troubles.faults
  })
  app.get('/_requests', () => tally.report())
}

/** What is sent where nothing is answered at all; undefined where something is. */
function instead(reply: FastifyReply, { status }: Trouble, faults: Faults): FastifyReply | undefined {
  if (status === undefined) return undefined
  if (status === 'redirect') return reply.redirect(faults.redirectTo ?? '/', 302)
  if (status !== '500') reply.header('retry-after', String(faults.retryAfterS))
  return reply
    .code(Number(status))
    .type('text/plain')
    .send(status === '429' ? 'Too Many Requests' : 'Something went wrong')
}

function refuse(error: unknown, reply: FastifyReply): FastifyReply {
  const isRefused = error instanceof Refused || error instanceof GroundstationError
  const status = isRefused ? 400 : ((error as { statusCode?: number }).statusCode ?? 500)
  return reply.code(status).send({ error: status < 500 ? (error as Error).message : 'Something went wrong.' })
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new GroundstationError('PORT_TAKEN', `${host}:${port} is taken: give another --port, or 0 for any.`, {
      cause: error,
    })
  }
  const { address, family, port: taken } = app.server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`
}

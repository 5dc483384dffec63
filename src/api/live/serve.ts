import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../errors.ts'
import { parametersOf } from '../parameters.ts'
import { endOf, follow, LIVE_PARAMETERS } from './follow.ts'
import type { LiveLog } from './log.ts'
import { holderOf, type Seats } from './seats.ts'

export type LiveContext = {
  readonly seats: Seats
  readonly heartbeatMs: number
  readonly stuckMsMax: number
  readonly stopping: AbortSignal
  readonly log: Log
  /** Calls back with a stream's path when it has grown; with an empty text when any may have. */
  readonly listen: (onGrown: (stream: string) => void) => void
}

/** One client's stream, from its beginning to its end. */
export async function serveLive<Place>(
  request: FastifyRequest,
  reply: FastifyReply,
  log: LiveLog<Place>,
  live: LiveContext,
): Promise<void> {
  const end = endOf(parametersOf(request, LIVE_PARAMETERS))
  if (request.method === 'HEAD') return reply.type('text/event-stream').send()
  const leave = live.seats.take(holderOf(request))
  try {
    await follow(request, reply, log, { ...end, ...live, isWelcome: request.isWelcome })
  } finally {
    leave()
  }
}

import type { FastifyInstance } from 'fastify'
import type { EngineHealth } from '../engine/contract.ts'
import { problem, sendProblem } from '../sources/http/problem.ts'
import { sendValue } from './list.ts'
import { liveSchema, readySchema } from './schemas/health.ts'

/** Whether the process is up, and whether it can take events and answer from the database. */
export function addHealth(server: FastifyInstance, health: () => EngineHealth, stopping: AbortSignal): void {
  server.get('/health/live', { schema: liveSchema, config: { access: 'open' } }, async (_request, reply) =>
    sendValue(reply, { status: 'live' }),
  )
  server.get('/health/ready', { schema: readySchema, config: { access: 'open' } }, async (_request, reply) => {
    const { isReady, reason } = health()
    if (isReady && !stopping.aborted) return sendValue(reply, { status: 'ready' })
    return sendProblem(reply, problem(503, 'not-ready', reason ?? 'The server is stopping.'))
  })
}

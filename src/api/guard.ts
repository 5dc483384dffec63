import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GroundstationError } from '../errors.ts'
import { Refusal } from '../sources/http/problem.ts'

/** Nothing of the API is a page; whatever a browser makes of an answer, it may not run or frame it. */
export const CSP_NOTHING = "default-src 'none'; frame-ancestors 'none'"

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

export type Guard = {
  /**
   * Bound to loopback, only names of it are answered to: a page elsewhere may have its own name point here. Undefined
   * until it is known; then the careful answer holds.
   */
  isLoopback: boolean | undefined
  readonly stopping: AbortSignal
}

/** What holds for every request, before its route sees it. */
export function addGuard(server: FastifyInstance, guard: Guard): void {
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('cache-control', 'no-store')
    reply.header('content-security-policy', CSP_NOTHING)
    reply.header('x-content-type-options', 'nosniff')
    done(refusalOf(guard, request, reply))
  })
}

function refusalOf(guard: Guard, request: FastifyRequest, reply: FastifyReply): Error | undefined {
  const { method, headers } = request.raw
  if (guard.stopping.aborted) {
    reply.header('connection', 'close')
    return new GroundstationError('STOPPING', 'The server is stopping.')
  }
  if (guard.isLoopback !== false && !LOOPBACK.test(headers.host ?? ''))
    return new Refusal(421, 'host', 'This server is bound to loopback, and answers to localhost, 127.0.0.1 and [::1].')
  if (!SAFE.has(method ?? '') && isFromElsewhere(headers))
    return new Refusal(403, 'cross-site', 'Another site may not post here.')
  // A body that nobody reads would keep its connection for as long as it likes.
  if (method !== 'POST' && method !== 'PUT' && hasBody(headers)) reply.header('connection', 'close')
  return undefined
}

/** Whether a browser sent it for a page of another site. Programs send neither header. */
function isFromElsewhere(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const { origin, host } = headers
  return origin !== undefined && origin.replace(/^https?:\/\//i, '') !== host
}

const hasBody = (headers: IncomingHttpHeaders) =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../errors.ts'
import { lingerAfter } from '../sources/http/linger.ts'
import { isOurFault, type Problem, problem, problemOf, sendProblem } from '../sources/http/problem.ts'

export type Log = {
  error(fields: Readonly<Record<string, unknown>>, message: string): void
  info(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Answers every error as a problem, what no route takes included. To be called before the routes are added. */
export function addErrors(server: FastifyInstance, log: Log): void {
  const routes = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  server.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() }
    for (const one of [method].flat()) known.methods.add(one)
    routes.set(url, known)
  })
  server.setErrorHandler((error, request, reply) => {
    const { raw } = request
    // The client has left: there is nobody to tell, and nothing wrong with us.
    if (raw.destroyed && !raw.complete) return reply.hijack()
    if (isOurFault(error))
      log.error({ err: error, method: raw.method, url: request.routeOptions.url }, messageOf(error))
    return refuse(request, reply, problemOf(error))
  })
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const methods = [...routes.values()].filter(({ pattern }) => pattern.test(path)).flatMap(one => [...one.methods])
    if (methods.length === 0) return refuse(request, reply, problem(404, 'not-found', 'There is nothing at this path.'))
    const allowed = [...new Set(methods)].sort().join(', ')
    reply.header('allow', allowed)
    return refuse(request, reply, problem(405, 'method-not-allowed', `This path takes ${allowed}.`))
  })
}

function refuse(request: FastifyRequest, reply: FastifyReply, answer: Problem): FastifyReply {
  lingerAfter(request.raw, reply.raw)
  return sendProblem(reply, answer)
}

const patternOf = (url: string): RegExp =>
  new RegExp(`^${url.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/:[a-z]+/g, '[^/]+')}$`)

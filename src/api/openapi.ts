import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { CompiledFeed } from '../feed/compile.ts'

/** Swagger UI's own page: its scripts are files, some of its styles are not. */
const CSP_DOCS =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The API's description, from the routes' schemas. To be registered before the routes. */
export async function addDescription(
  server: FastifyInstance,
  feeds: ReadonlyMap<string, CompiledFeed>,
  version: string,
): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Groundstation',
        description: 'Feeds of events, complete, in order and exactly once.',
        version,
      },
      tags: [
        ...[...feeds.keys()].map(name => ({ name, description: `The feed ${name}.` })),
        { name: 'operations', description: 'What is there of each feed, what is missing, and what was refused.' },
        { name: 'service', description: 'The process.' },
      ],
    },
  })
}

/** `/openapi.json` and `/docs`. */
export async function addDocs(server: FastifyInstance): Promise<void> {
  let text: string | undefined
  server.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(server.swagger())
    return reply.header('content-type', 'application/json; charset=utf-8').send(text)
  })
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: CSP_DOCS,
    uiConfig: { deepLinking: true, tryItOutEnabled: true, validatorUrl: null },
  })
}

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { CompiledFeed } from '../feed/compile.ts'
import { postingSchemas } from '../sources/http/post-schema.ts'
import { LetterSchema, replaySchema } from './schemas/letters.ts'
import { type AsksHere, SECURITY_SCHEMES, withSecurity } from './schemas/security.ts'
import { shownSchema } from './schemas/state.ts'

/** Swagger UI's own page: its scripts are files, some of its styles are not. */
const CSP_DOCS =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The API's description, from the routes' schemas. To be registered before the routes. */
export async function addDescription(
  server: FastifyInstance,
  feeds: ReadonlyMap<string, CompiledFeed>,
  version: string,
  asksHere: () => AsksHere,
): Promise<void> {
  for (const schema of componentsOf(feeds)) server.addSchema(schema)
  await server.register(swagger, {
    convertConstToEnum: false,
    refResolver: { buildLocalReference: ({ $id }, _baseUri, _fragment, index) => String($id ?? `schema-${index}`) },
    transform: ({ schema, url, route }) => ({
      schema: withSecurity(schema, route.config?.access, feeds, asksHere()),
      url,
    }),
    transformObject: document =>
      'openapiObject' in document ? withOptionalBody(document.openapiObject) : document.swaggerObject,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Groundstation',
        description: 'Feeds of events, complete, in order and exactly once.',
        version,
      },
      components: { securitySchemes: SECURITY_SCHEMES },
      tags: [
        ...[...feeds.keys()].map(name => ({ name, description: `The feed ${name}.` })),
        { name: 'operations', description: 'What is there of each feed, what is missing, and what was refused.' },
        { name: 'users', description: 'Who may do what.' },
        { name: 'service', description: 'The process.' },
      ],
    },
  })
}

function* componentsOf(feeds: ReadonlyMap<string, CompiledFeed>): Generator<object> {
  yield* postingSchemas(feeds.values())
  yield { ...LetterSchema, $id: 'DeadLetter' }
  for (const feed of feeds.values()) if (feed.state !== undefined) yield shownSchema(feed, feed.state)
}

/** A letter is replayed as it was without a body; the plugin says of every body that it is required. */
function withOptionalBody<Document extends { paths?: object }>(document: Document): Document {
  const paths = (document.paths ?? {}) as Record<string, { post?: { operationId?: string; requestBody?: object } }>
  for (const { post } of Object.values(paths))
    if (post?.operationId === replaySchema.operationId) post.requestBody = { ...post.requestBody, required: false }
  return document
}

/** `/openapi.json` and `/docs`. */
export async function addDocs(server: FastifyInstance): Promise<void> {
  let text: string | undefined
  server.get('/openapi.json', { schema: { hide: true }, config: { access: 'open' } }, (_request, reply) => {
    text ??= JSON.stringify(server.swagger())
    return reply.header('content-type', 'application/json; charset=utf-8').send(text)
  })
  await server.register(async docs => {
    docs.addHook('onRoute', route => {
      route.config = { ...route.config, access: 'open' }
    })
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: CSP_DOCS,
      uiConfig: { deepLinking: true, tryItOutEnabled: true, validatorUrl: null },
    })
  })
}

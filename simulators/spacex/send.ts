import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Trouble } from './faults/trouble.ts'
import type { Answer } from './rest/routes.ts'

const HTML = '<!doctype html><html><head><title>Error</title></head><body>We will be back soon.</body></html>'

/** Sends an answer, or what becomes of it on purpose. */
export function send(request: FastifyRequest, reply: FastifyReply, answer: Answer, trouble: Trouble): FastifyReply {
  const { status = 200, changedMs } = answer
  if (status >= 400 && typeof answer.document === 'string')
    return reply.code(status).type('text/plain').send(answer.document)
  if (trouble.body === 'html') return reply.code(200).type('text/html').send(HTML)
  const body = Buffer.from(JSON.stringify(spoilt(answer.document, request, trouble)))
  reply.code(status).type('application/json; charset=utf-8')
  if (request.method === 'GET' && changedMs !== undefined) {
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
    const modified = new Date(changedMs).toUTCString()
    reply.header('etag', etag).header('last-modified', modified).header('cache-control', 'no-cache')
    if (isKnown(request, etag, modified)) return reply.code(304).removeHeader('content-type').send()
  }
  if (trouble.body === 'half') return reply.send(body.subarray(0, body.length >> 1))
  return trouble.body === 'cut' ? cut(reply, body) : reply.send(body)
}

/** If-None-Match goes before If-Modified-Since. Only the very same time is known: the story can go back. */
function isKnown({ headers }: FastifyRequest, etag: string, modified: string): boolean {
  const tags = headers['if-none-match']
  if (tags === undefined) return headers['if-modified-since'] === modified
  return tags.split(',').some(tag => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
}

/** Of REST's lists; GraphQL spoils its fields itself. */
function spoilt(document: unknown, { url }: FastifyRequest, { nulled, isDropped }: Trouble): unknown {
  if (url.startsWith('/graphql')) return document
  if (nulled === 'whole') return null
  if (Array.isArray(document)) return spoiltList(document, nulled === 'item', isDropped)
  if (!isPage(document)) return document
  return { ...document, docs: spoiltList(document.docs, nulled === 'item', isDropped) }
}

function spoiltList(items: readonly unknown[], isNulled: boolean, isDropped: boolean): readonly unknown[] {
  const left = isDropped ? items.slice(0, items.length >> 1) : items
  return isNulled && left.length > 0 ? left.with(-1, null) : left
}

const isPage = (document: unknown): document is { readonly docs: readonly unknown[] } =>
  typeof document === 'object' && document !== null && 'docs' in document && Array.isArray(document.docs)

/** Announces the whole and ends after half of it. */
function cut(reply: FastifyReply, body: Buffer): FastifyReply {
  reply.hijack()
  const { raw } = reply
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(reply.statusCode, { 'content-length': body.length })
  raw.write(body.subarray(0, body.length >> 1), () => raw.destroy())
  return reply
}

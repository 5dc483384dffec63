/** The floor of single posts: Fastify with the same validation of the same bytes, and no database. */
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import rockets from '../../feeds/rockets.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { serve } from './serve.ts'

const feed = compileFeed(rockets.declaration)
const latest = new Map<string, number>()
const server = Fastify({ logger: false })
server.removeAllContentTypeParsers()
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

server.post('/messages', (request, reply) => {
  const parsed = feed.parse(request.body as Buffer)
  if (!parsed.ok) return reply.code(400).send(parsed.refusal)
  const { key, sequence } = parsed
  latest.set(key, Math.max(sequence, latest.get(key) ?? 0))
  return reply.header('content-type', 'application/json; charset=utf-8').send('{"outcome":"accepted"}')
})

server.get('/rockets/:channel', (request, reply) => {
  const { channel } = request.params as { channel: string }
  const body = JSON.stringify({ channel, messageNumber: latest.get(channel) })
  return reply.header('content-type', 'application/json; charset=utf-8').send(body)
})

const handlers = {
  listen: async () => {
    await server.listen({ host: '127.0.0.1', port: 0 })
    const { port } = server.server.address() as AddressInfo
    return { port }
  },
}
export type FastifyMethods = typeof handlers

serve(handlers)

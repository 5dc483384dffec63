/**
 * The floor of single posts and of alerts: Fastify with the same validation of the same bytes, and no database. Who listens is
 * written to at once; with more than 20 clients, with what came within a moment: a millisecond for each 20.
 */
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import rockets from '../../feeds/rockets.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { serve } from './serve.ts'

const feed = compileFeed(rockets.declaration)
const latest = new Map<string, number>()
const listeners = new Set<ServerResponse>()
let told = 0
const server = Fastify({ logger: false })
server.removeAllContentTypeParsers()
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

server.post('/messages', (request, reply) => {
  const parsed = feed.parse(request.body as Buffer)
  if (!parsed.ok) return reply.code(400).send(parsed.refusal)
  const { key, sequence } = parsed
  latest.set(key, Math.max(sequence, latest.get(key) ?? 0))
  if (listeners.size > 0) tell(request.body as Buffer)
  return reply.header('content-type', 'application/json; charset=utf-8').send('{"outcome":"accepted"}')
})

server.get('/rockets/:channel', (request, reply) => {
  const { channel } = request.params as { channel: string }
  const body = JSON.stringify({ channel, messageNumber: latest.get(channel) })
  return reply.header('content-type', 'application/json; charset=utf-8').send(body)
})

server.get('/alerts', (_request, reply) => {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 0\n\n')
  listeners.add(reply.raw)
  reply.raw.on('close', () => listeners.delete(reply.raw))
})

let waiting: string[] = []

function tell(data: Buffer): void {
  waiting.push(`id: ${++told}\nevent: alert\ndata: ${data.toString()}\n\n`)
  const pauseMs = Math.floor(listeners.size / 20)
  if (pauseMs === 0) write()
  else if (waiting.length === 1) setTimeout(write, pauseMs)
}

function write(): void {
  const bytes = Buffer.from(waiting.join(''))
  waiting = []
  for (const listener of listeners) listener.write(bytes)
}

const handlers = {
  listen: async () => {
    await server.listen({ host: '127.0.0.1', port: 0 })
    const { port } = server.server.address() as AddressInfo
    return { port }
  },
}
export type FastifyMethods = typeof handlers

serve(handlers)

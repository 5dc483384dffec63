import type { FastifyInstance } from 'fastify'
import type { CompiledFeed } from '../feed/compile.ts'
import { streamPaths } from '../feed/served.ts'
import { accessTo } from '../sources/http/route-access.ts'
import type { ApiContext } from './context.ts'
import { AlertLog } from './live/alert-log.ts'
import { type LiveContext, serveLive } from './live/serve.ts'
import { alertsSchema } from './schemas/live.ts'

/** `GET /alerts`, and whatever other streams the feeds name. */
export function addAlerts(server: FastifyInstance, { feeds, query }: ApiContext, live: LiveContext): void {
  const streams = streamsOf(feeds)
  const logs = new Map(
    [...streams.keys()].map(path => [path, new AlertLog(query, path, message => live.log.error({}, message))]),
  )
  if (logs.size > 0)
    live.listen(stream => {
      for (const [path, log] of logs) if (stream === '' || stream === path) log.wake()
    })
  for (const [path, log] of logs)
    server.get(path, optionsOf(path, streams.get(path) ?? []), (request, reply) => serveLive(request, reply, log, live))
}

const optionsOf = (path: string, feeds: readonly string[]) => ({
  schema: alertsSchema(path, feeds),
  config: accessTo('read', ...feeds),
})

/** The feeds that raise alerts on each stream. */
function streamsOf(feeds: ReadonlyMap<string, CompiledFeed>): Map<string, string[]> {
  const streams = new Map<string, string[]>()
  for (const feed of feeds.values())
    for (const stream of streamPaths(feed)) streams.set(stream, [...(streams.get(stream) ?? []), feed.name])
  return streams
}

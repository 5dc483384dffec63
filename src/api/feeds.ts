import type { FastifyInstance } from 'fastify'
import { eventsPathOf } from '../sources/http/plugin.ts'
import { accessTo, EVERY } from '../sources/http/route-access.ts'
import { countFeeds, type FeedCounts } from '../store/read/feeds.ts'
import { lastPolls } from '../store/read/polls.ts'
import type { ApiContext } from './context.ts'
import { sendList } from './list.ts'
import { toldOutputs } from './outputs.ts'
import { parametersOf } from './parameters.ts'
import { feedListSchema } from './schemas/operations.ts'

const NOTHING: FeedCounts = {
  events: 0,
  keys: 0,
  held: 0,
  openGaps: 0,
  releasedGaps: 0,
  missingNumbers: 0,
  skipped: 0,
  openDeadLetters: 0,
}

/** `GET /feeds`: what is declared here, and how much of each there is. */
export function addFeeds(server: FastifyInstance, { feeds, query, lag }: ApiContext): void {
  server.get('/feeds', { schema: feedListSchema, config: accessTo('read', EVERY) }, async (request, reply) => {
    parametersOf(request, [])
    const [counts, outputs, polls] = await Promise.all([countFeeds(query), toldOutputs(query), lastPolls(query)])
    const items = [...feeds.values()].map(async feed =>
      JSON.stringify({
        name: feed.name,
        kind: feed.identity.kind,
        source: feed.source.kind,
        path: feed.source.path ?? eventsPathOf(feed),
        state: feed.state?.path ?? null,
        ...(counts.get(feed.name) ?? NOTHING),
        topic: (await lag(feed.name)) ?? null,
        poll: polls.get(feed.name) ?? null,
        outputs: outputs.get(feed.name) ?? [],
      }),
    )
    return sendList(reply, await Promise.all(items), null)
  })
}

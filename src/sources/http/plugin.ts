import type { FastifyPluginCallback } from 'fastify'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { Gateway } from './gateway.ts'
import { post } from './post.ts'
import { postSchema } from './post-schema.ts'
import { accessTo } from './route-access.ts'

export type PostingOptions = { readonly gateway: Gateway; readonly feeds: ReadonlyMap<string, CompiledFeed> }

/** Under which every feed takes posts, whatever its source is. */
export const eventsPathOf = (feed: CompiledFeed): string => `/feeds/${feed.name}/events`

/** The paths to which events are posted: each feed's own, and the one that every feed has. */
export const posting: FastifyPluginCallback<PostingOptions> = (server, { gateway, feeds }, done) => {
  // A body is read by the route: as a stream, with limits of its own.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
  for (const feed of feeds.values()) {
    const paths = [feed.source.path, eventsPathOf(feed)].filter(path => path !== undefined)
    for (const [index, path] of paths.entries()) {
      server.route({
        method: 'POST',
        url: path,
        schema: postSchema(feed, index === 0 ? `post-${feed.name}` : `post-${feed.name}-events`),
        config: accessTo('post', feed.name),
        handler: async (request, reply) => {
          await post(gateway, feed, path, { request, reply })
          return reply
        },
      })
    }
  }
  done()
}

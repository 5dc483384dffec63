import type { FastifyInstance } from 'fastify'
import { accessTo } from '../sources/http/route-access.ts'
import { listRows } from '../store/read/rows.ts'
import type { ApiContext } from './context.ts'
import { sendRows } from './list.ts'
import { limitOf, parametersOf, skipOf } from './parameters.ts'
import { tableSchema } from './schemas/rows.ts'

/** `GET path?skip=0&limit=100` for each table that has a path. */
export function addRows(server: FastifyInstance, { feeds, query }: ApiContext): void {
  for (const feed of feeds.values())
    for (const table of feed.tables) {
      if (table.path === undefined) continue
      const config = accessTo('read', feed.name)
      server.get(table.path, { schema: tableSchema(feed, table), config }, async (request, reply) => {
        const parameters = parametersOf(request, ['skip', 'limit'])
        const page = { skip: skipOf(parameters.skip), limit: limitOf(parameters.limit) }
        return sendRows(reply, await listRows(query, table, page), page)
      })
    }
}

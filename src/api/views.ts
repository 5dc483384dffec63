import type { FastifyInstance } from 'fastify'
import type { CompiledFeed } from '../feed/compile.ts'
import { nameOf } from '../feed/relation.ts'
import type { CompiledView } from '../feed/view.ts'
import { accessTo, NAMED } from '../sources/http/route-access.ts'
import type { Query } from '../store/read/query.ts'
import { listViewRows } from '../store/read/rows.ts'
import { readColumns, readViewStates, type ViewColumn } from '../store/read/views.ts'
import { type ApiContext, feedOf } from './context.ts'
import { sendList, sendRows } from './list.ts'
import { limitOf, parametersOf, skipOf } from './parameters.ts'
import { viewListSchema, viewSchema } from './schemas/views.ts'
import { Turns } from './turns.ts'

/** Views may take long: they get half of the readers' connections at most, so that states and health have theirs. */
const TURNS = { atOnce: 4, waitingMax: 100 }

type Columns = ReadonlyMap<string, readonly ViewColumn[]>

/** The columns of every view that is served, as they are in the database. */
export const columnsOf = (query: Query, feeds: ReadonlyMap<string, CompiledFeed>): Promise<Columns> =>
  readColumns(
    query,
    [...feeds.values()].flatMap(({ views }) => views.filter(({ path }) => path !== undefined)),
  )

/** `GET path` for each view that has one, and `GET /feeds/{feed}/views`: what there is, and how fresh. */
export function addViews(server: FastifyInstance, context: ApiContext, columns: Columns): void {
  const turns = new Turns(TURNS)
  for (const feed of context.feeds.values())
    for (const view of feed.views) addView(server, { ...context, turns }, feed, view, columns.get(nameOf(view)) ?? [])
  const options = { schema: viewListSchema, config: accessTo('read', NAMED) }
  server.get('/feeds/:feed/views', options, async (request, reply) => {
    parametersOf(request, [])
    const feed = feedOf(context, request.params)
    const states = await readViewStates(context.query, feed.name)
    const items = feed.views.map(view => {
      const { refreshed = null, tookMs = null, problem = null } = states.get(nameOf(view)) ?? {}
      const { path = null, refreshMs = null } = view
      return JSON.stringify({ name: nameOf(view), path, refreshMs, refreshed, tookMs, problem })
    })
    return sendList(reply, items, null)
  })
}

function addView(
  server: FastifyInstance,
  { query, turns }: ApiContext & { readonly turns: Turns },
  feed: CompiledFeed,
  view: CompiledView,
  columns: readonly ViewColumn[],
): void {
  if (view.path === undefined) return
  const options = { schema: viewSchema(feed, view, columns), config: accessTo('read', feed.name) }
  server.get(view.path, options, async (request, reply) => {
    const parameters = parametersOf(request, view.isPaged ? ['skip', 'limit'] : [])
    const page = view.isPaged ? { skip: skipOf(parameters.skip), limit: limitOf(parameters.limit) } : undefined
    const read = () => listViewRows(query, view, columns, page)
    const { rows, refreshed } = await turns.run(read, 'Many read views at the moment: ask again.')
    return sendRows(reply, rows, { ...page, ...(view.refreshMs === undefined ? {} : { refreshed }) })
  })
}

import type { FastifyInstance } from 'fastify'
import type { CompiledFeed } from '../feed/compile.ts'
import { nameOf } from '../feed/relation.ts'
import type { CompiledView } from '../feed/view.ts'
import { accessTo, NAMED } from '../sources/http/route-access.ts'
import type { Query } from '../store/read/query.ts'
import { listViewRows } from '../store/read/rows.ts'
import { readColumns, readTables, readViewStates, type ViewColumn } from '../store/read/views.ts'
import { type ApiContext, feedOf } from './context.ts'
import { sendList, sendRows } from './list.ts'
import { limitOf, parametersOf, skipOf } from './parameters.ts'
import { viewListSchema, viewSchema } from './schemas/views.ts'
import { Turns } from './turns.ts'

/** Views may take long: they get half of the readers' connections at most, so that states and health have theirs. */
const TURNS = { atOnce: 4, waitingMax: 100 }

type Feeds = ReadonlyMap<string, CompiledFeed>

/** What the database knows of views that are served: their columns, and by a view's name the feeds whose tables it reads. */
export type KnownViews = {
  readonly columns: ReadonlyMap<string, readonly ViewColumn[]>
  readonly readers: ReadonlyMap<string, readonly string[]>
}

export async function knownViews(query: Query, feeds: Feeds): Promise<KnownViews> {
  const served = [...feeds.values()].flatMap(({ views }) => views.filter(({ path }) => path !== undefined))
  return { columns: await readColumns(query, served), readers: feedsOf(await readTables(query, served), feeds) }
}

function feedsOf(tables: ReadonlyMap<string, readonly string[]>, feeds: Feeds): Map<string, string[]> {
  const owners = new Map([...feeds.values()].flatMap(feed => feed.tables.map(table => [nameOf(table), feed.name])))
  return new Map([...tables].map(([view, names]) => [view, names.flatMap(name => owners.get(name) ?? [])]))
}

/** `GET path` for each view that has one, and `GET /feeds/{feed}/views`: what there is, and how fresh. */
export function addViews(server: FastifyInstance, context: ApiContext, known: KnownViews): void {
  const turns = new Turns(TURNS)
  for (const feed of context.feeds.values())
    for (const view of feed.views) addView(server, { ...context, turns }, feed, view, known)
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
  known: KnownViews,
): void {
  if (view.path === undefined) return
  const columns = known.columns.get(nameOf(view)) ?? []
  // Who reads a view reads what is in it: every feed's access holds.
  const feeds = new Set([feed.name, ...(known.readers.get(nameOf(view)) ?? [])])
  const options = { schema: viewSchema(feed, view, columns), config: accessTo('read', ...feeds) }
  server.get(view.path, options, async (request, reply) => {
    const parameters = parametersOf(request, view.isPaged ? ['skip', 'limit'] : [])
    const page = view.isPaged ? { skip: skipOf(parameters.skip), limit: limitOf(parameters.limit) } : undefined
    const read = () => listViewRows(query, view, columns, page)
    const { rows, refreshed } = await turns.run(read, 'Many read views at the moment: ask again.')
    return sendRows(reply, rows, { ...page, ...(view.refreshMs === undefined ? {} : { refreshed }) })
  })
}

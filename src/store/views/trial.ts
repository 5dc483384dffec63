import type { CompiledFeed } from '../../feed/compile.ts'
import { nameOf } from '../../feed/relation.ts'
import type { CompiledView } from '../../feed/view.ts'
import { schemaStatement, viewHead, viewStatements } from '../ddl.ts'
import { makeTable } from '../feed.ts'
import { migrateForTrial } from '../migrate.ts'
import { qualified } from '../names.ts'
import { readColumns, type ViewColumn } from '../read/views.ts'
import type { Client, Store } from '../store.ts'
import { refusedView } from './problem.ts'
import { tries } from './savepoint.ts'

/**
 * The columns that declared views have, without making any: in a transaction that is rolled back. What is there already isn't
 * locked: a view that is there is tried as a temporary one. `of`: whose views; what they are made of may be others'. Errors: DECLARATION_INVALID.
 */
export function tryViews(store: Store, feeds: readonly CompiledFeed[], of = feeds): Promise<Map<string, ViewColumn[]>> {
  return store.withClient(async client => {
    await client.query('begin')
    // A view may read what every start makes first, a feed's gaps say. Who may not make it is told of the view that does.
    await tries(client, undefined, () => migrateForTrial(client))
    await client.query('set local search_path = public')
    for (const feed of feeds) for (const table of feed.tables) await makeTable(client, table)
    const found = new Map<string, ViewColumn[]>()
    for (const feed of feeds)
      for (const view of feed.views) {
        const isAsked = of.includes(feed)
        const trial = async () => found.set(nameOf(view), await tryView(client, feed.name, view))
        if (isAsked) await trial()
        // What is wrong with another's is that one's to tell.
        else if (await tries(client, undefined, trial)) found.delete(nameOf(view))
      }
    await client.query('rollback')
    return found
  })
}

async function tryView(client: Client, feed: string, view: CompiledView): Promise<ViewColumn[]> {
  const { rows } = await client.query('select to_regclass($1) is not null as "isThere"', [qualified(view)])
  const as = rows[0]?.isThere === true ? { schema: 'pg_temp', name: view.name } : view
  const plain = { ...view, refreshMs: undefined }
  try {
    const schema = as === view ? schemaStatement(view.schema) : undefined
    if (schema !== undefined) await client.query(schema)
    for (const text of viewStatements(plain, as)) {
      const statement = { text, queryMode: 'extended' }
      await client.query(statement)
    }
  } catch (error) {
    throw refusedView(feed, view, error, viewHead(plain, as).length)
  }
  const columns = await readColumns(async (text, values) => client.query(text, [...values]), [as])
  return columns.get(nameOf(as)) ?? []
}

import { GroundstationError } from '../../errors.ts'
import { nameOf } from '../../feed/relation.ts'
import type { CompiledTable } from '../../feed/table.ts'
import type { CompiledView } from '../../feed/view.ts'
import { qualified, quote, SQL_TYPES } from '../names.ts'
import { PAGE_BYTES_MAX, type Query, type Row, rfc3339 } from './query.ts'
import type { ViewColumn } from './views.ts'

type ServedColumn = { readonly shown: string; readonly type: string }
export type RowsPage = { readonly skip: number; readonly limit: number }

/**
 * Rows as JSON texts, written by PostgreSQL: numbers to their last digit, times in UTC. `from` gives the columns as c0, c1, …
 * and `place`, the row's place. From the row on that would go over the page's bytes they are null; the first comes however
 * large it is. Sizes are counted row by row, so the server never holds more than the page.
 */
function rowsSql(columns: readonly ServedColumn[], from: string): string {
  const shown = columns.map(({ shown, type }, index) => {
    const value = type === SQL_TYPES.timestamp ? rfc3339(`c${index}`) : `c${index}`
    return `${value} as ${quote(shown)}`
  })
  const json = `(select row_to_json(shown) from (select ${shown.join(', ')}) as shown)::text`
  return `select place, case when before < ${PAGE_BYTES_MAX} then ${json} end as body from (
     select *, sum(size) over (order by place) - size as before from (
       select *, octet_length(${json}) as size from (${from}) as page
     ) as sized
   ) as summed order by place`
}

const bodiesOf = (rows: readonly Row[]): string[] =>
  rows.flatMap(({ body }) => (typeof body === 'string' ? [body] : []))

/** A table's rows in the order of its key. The rows before the page are counted in the key's index alone. */
export async function listRows(query: Query, table: CompiledTable, { skip, limit }: RowsPage): Promise<string[]> {
  const key = table.key.map(quote).join(', ')
  const columns = table.columns.map(({ name }, index) => `t.${quote(name)} as c${index}`).join(', ')
  const same = table.key.map(name => `t.${quote(name)} = chosen.${quote(name)}`).join(' and ')
  // Lateral, so that each row is looked up: the planner, which doesn't know the limit, would read the table for a join.
  const { rows } = await query(
    rowsSql(
      table.columns.map(({ shown, type }) => ({ shown, type: SQL_TYPES[type] })),
      `select ${columns}, chosen.place
       from (select *, row_number() over () as place
         from (select ${key} from ${qualified(table)} order by ${key} offset $1 limit $2) as keys) as chosen
       cross join lateral (select * from ${qualified(table)} as t where ${same} limit 1) as t`,
    ),
    [skip, limit],
  )
  return bodiesOf(rows)
}

export type ViewRows = { readonly rows: readonly string[]; readonly refreshed: string | null }

/** What one answer may have of a view that isn't served page by page. */
export const VIEW_ROWS_MAX = 10_000

/**
 * A view's rows: in its own order, or in that of its key where it is refreshed or comes in pages. Errors: NOT_FILLED before its
 * first refresh is done, DECLARATION_OLDER where a newer process has made it otherwise.
 */
export async function listViewRows(
  query: Query,
  view: CompiledView,
  columns: readonly ViewColumn[],
  page: RowsPage | undefined,
): Promise<ViewRows> {
  if (columns.length === 0) throw older(view)
  if (view.refreshMs !== undefined) await expectFilled(query, view)
  const { skip, limit } = page ?? { skip: 0, limit: VIEW_ROWS_MAX + 1 }
  const order = view.isPaged || view.refreshMs !== undefined ? `order by ${view.key.map(quote).join(', ')}` : ''
  const chosen = columns.map(({ name }, index) => `v.${quote(name)} as c${index}`).join(', ')
  const rows = rowsSql(
    columns.map(({ name, type }) => ({ shown: name, type })),
    `select ${chosen}, row_number() over () as place
     from (select * from ${qualified(view)} ${order} offset $1 limit $2) as v`,
  )
  // In one statement, so that the time is that of the rows.
  const { rows: found } = await queryView(
    query,
    view,
    `select refreshed, body, place from (
       select ${rfc3339('refreshed_at')} as refreshed from groundstation.view where schema = $3 and name = $4
     ) as state left join (${rows}) as rows on true order by place`,
    [skip, limit, view.schema, view.name],
  )
  const bodies = bodiesOf(found)
  const isCut = found.length > VIEW_ROWS_MAX || found.some(({ place, body }) => place !== null && body === null)
  if (page === undefined && isCut)
    throw new GroundstationError(
      'DECLARATION_INVALID',
      `The view ${nameOf(view)} has more rows than one answer may: declare it with paging`,
    )
  return { rows: bodies, refreshed: (found[0]?.refreshed ?? null) as string | null }
}

/** Asked beforehand: a view that is being filled for the first time is locked, and whoever reads it waits. */
async function expectFilled(query: Query, view: CompiledView): Promise<void> {
  const { rows } = await query(
    'select refreshed_at is not null as filled from groundstation.view where schema = $1 and name = $2',
    [view.schema, view.name],
    'view-filled',
  )
  if (rows[0]?.filled === false) throw unfilled(view)
}

const unfilled = (view: CompiledView, cause?: unknown) =>
  new GroundstationError('NOT_FILLED', `The view ${nameOf(view)} is being filled`, { cause })

async function queryView(query: Query, view: CompiledView, sql: string, values: readonly unknown[]) {
  try {
    return await query(sql, values)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === UNFILLED) throw unfilled(view, error)
    throw code === NO_TABLE || code === NO_COLUMN ? older(view, error) : error
  }
}

const older = (view: CompiledView, cause?: unknown) =>
  new GroundstationError('DECLARATION_OLDER', `The view ${nameOf(view)} was made anew by a newer process`, { cause })

const UNFILLED = '55000'
const NO_TABLE = '42P01'
const NO_COLUMN = '42703'

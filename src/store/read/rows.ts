import type { ColumnType } from '../../feed/column.ts'
import type { CompiledTable } from '../../feed/table.ts'
import { qualified, quote } from '../names.ts'
import { PAGE_BYTES_MAX, type Query, rfc3339 } from './query.ts'

/** A column of something that is served: as PostgreSQL calls it, as JSON does, and its type. */
export type ServedColumn = { readonly name: string; readonly shown: string; readonly type: string }

export const TIMESTAMP: ColumnType = 'timestamp'

/**
 * Rows as JSON texts, written by PostgreSQL: numbers to their last digit, times in UTC. `from` gives the columns as c0, c1, …
 * and `place`, the row's place on the page. A page ends with the row that would go over its bytes; the first comes however
 * large it is. Sizes are counted row by row, so the server never holds more than the page.
 */
export function rowsSql(columns: readonly ServedColumn[], from: string): string {
  const shown = columns.map(({ shown, type }, index) => {
    const value = type === TIMESTAMP ? rfc3339(`c${index}`) : `c${index}`
    return `${value} as ${quote(shown)}`
  })
  const json = `(select row_to_json(shown) from (select ${shown.join(', ')}) as shown)::text`
  return `select ${json} as body from (
     select *, sum(size) over (order by place) - size as before from (
       select *, octet_length(${json}) as size from (${from}) as page
     ) as sized
   ) as summed where before < ${PAGE_BYTES_MAX} order by place`
}

export type RowsPage = { readonly skip: number; readonly limit: number }

/** A table's rows in the order of its key. The rows before the page are counted in the key's index alone. */
export async function listRows(query: Query, table: CompiledTable, { skip, limit }: RowsPage): Promise<string[]> {
  const key = table.key.map(quote).join(', ')
  const columns = table.columns.map(({ name }, index) => `t.${quote(name)} as c${index}`).join(', ')
  const same = table.key.map(name => `t.${quote(name)} = chosen.${quote(name)}`).join(' and ')
  // Lateral, so that each row is looked up: the planner, which doesn't know the limit, would read the table for a join.
  const { rows } = await query(
    rowsSql(
      table.columns,
      `select ${columns}, chosen.place
       from (select *, row_number() over () as place
         from (select ${key} from ${qualified(table)} order by ${key} offset $1 limit $2) as keys) as chosen
       cross join lateral (select * from ${qualified(table)} as t where ${same} limit 1) as t`,
    ),
    [skip, limit],
  )
  return rows.map(({ body }) => String(body))
}

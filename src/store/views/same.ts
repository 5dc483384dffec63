import type { CompiledView } from '../../feed/view.ts'
import { viewStatements } from '../ddl.ts'
import { qualified } from '../names.ts'
import type { Client } from '../store.ts'
import { tries } from './savepoint.ts'

/**
 * Whether a view that is there, and that no feed has made, is the declared one to the letter, as PostgreSQL writes both down: made
 * by what `generate sql` printed, or kept from a database that was copied without our schema.
 */
export async function isSame(client: Client, view: CompiledView): Promise<boolean> {
  const as = { schema: 'pg_temp', name: view.name }
  const [text = ''] = viewStatements({ ...view, refreshMs: undefined }, as)
  const statement = { text, queryMode: 'extended' }
  if (!(await tries(client, undefined, () => client.query(statement)))) return false
  const { rows } = await client.query<{ same: boolean }>(
    `select pg_get_viewdef($1::regclass) = pg_get_viewdef($2::regclass) and ($3 or exists (
       select from pg_index i where i.indrelid = $1::regclass and i.indisunique and i.indpred is null
         and (select array_agg(a.attname::text order by a.attname) from pg_attribute a
           where a.attrelid = i.indrelid and a.attnum = any(i.indkey)) = $4::text[])) as same`,
    [qualified(view), qualified(as), view.refreshMs === undefined, [...view.key].sort()],
  )
  await client.query(`drop view ${qualified(as)}`)
  return rows[0]?.same === true
}

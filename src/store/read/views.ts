import { nameOf, type Relation } from '../../feed/relation.ts'
import { qualified } from '../names.ts'
import { type Query, rfc3339 } from './query.ts'

/** A view's column, as PostgreSQL has it: the type's name without its length, `array` for all of these. */
export type ViewColumn = { readonly name: string; readonly type: string }

/** Columns of views, by the views' names; those that aren't there have none. */
export async function readColumns(query: Query, views: readonly Relation[]): Promise<Map<string, ViewColumn[]>> {
  const found = new Map<string, ViewColumn[]>()
  for (const view of views) {
    const { rows } = await query(
      `select a.attname as name, case t.typcategory when 'A' then 'array' when 'C' then 'record'
         else format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null) end as type
       from pg_attribute a join pg_type t on t.oid = a.atttypid
       where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      [qualified(view)],
    )
    found.set(
      nameOf(view),
      rows.map(({ name, type }) => ({ name: String(name), type: String(type) })),
    )
  }
  return found
}

/** The tables that each view reads, by its name: through other views, too. What a function of the user's reads isn't known. */
export async function readTables(query: Query, views: readonly Relation[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const view of views) {
    const { rows } = await query(
      `with recursive reads (oid) as (
         select to_regclass($1)::oid
         union
         select d.refobjid from reads r join pg_rewrite w on w.ev_class = r.oid
         join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass)
       select n.nspname as schema, c.relname as name
       from reads join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p')`,
      [qualified(view)],
    )
    found.set(
      nameOf(view),
      rows.map(({ schema, name }) => nameOf({ schema: String(schema), name: String(name) })),
    )
  }
  return found
}

export type ViewState = {
  readonly refreshed: string | null
  readonly ageMs: number | null
  readonly tookMs: number | null
  readonly problem: string | null
}

/** How fresh a feed's refreshed views are, by name. */
export async function readViewStates(query: Query, feed: string): Promise<Map<string, ViewState>> {
  const { rows } = await query(
    `select schema, name, ${rfc3339('refreshed_at')} as refreshed, took_ms as "tookMs", problem,
       extract(epoch from clock_timestamp() - refreshed_at)::double precision * 1000 as "ageMs"
     from groundstation.views where feed = $1`,
    [feed],
  )
  return new Map(
    rows.map(({ schema, name, ...state }) => [
      nameOf({ schema: String(schema), name: String(name) }),
      state as ViewState,
    ]),
  )
}

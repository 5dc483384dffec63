export type CatalogLine = Readonly<Record<string, unknown>>

/** Everything that a feed could have made in a database, one line each, by name. */
export async function catalogOf(query: (text: string) => Promise<{ rows: CatalogLine[] }>): Promise<CatalogLine[]> {
  const { rows } = await query(`
    with mine as (
      select c.oid, c.relkind, n.nspname || '.' || c.relname as name, c.relispopulated
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname !~ '^(pg_|information_schema$|groundstation$)'
    )
    select 'schema' as what, nspname as name, '' as of, '' as says from pg_namespace
      where nspname !~ '^(pg_|information_schema$|groundstation$)'
    union all select 'relation', name, relkind::text, relispopulated::text from mine where relkind <> 'i'
    union all select 'column', name, lpad(attnum::text, 3, '0') || ' ' || attname,
        concat_ws(' ', format_type(atttypid, atttypmod), case when attnotnull then 'not null' end, pg_get_expr(adbin, adrelid))
      from mine join pg_attribute on attrelid = mine.oid and attnum > 0 and not attisdropped
      left join pg_attrdef on adrelid = attrelid and adnum = attnum where relkind <> 'i'
    union all select 'index', name, pg_get_indexdef(mine.oid), '' from mine where relkind = 'i'
    union all select 'constraint', name, conname, pg_get_constraintdef(c.oid) from mine join pg_constraint c on conrelid = mine.oid
    union all select 'view', name, '', pg_get_viewdef(mine.oid) from mine where relkind in ('v', 'm')
    union all select 'sequence', name, seqtypid::regtype::text,
        concat_ws(' ', seqstart, seqincrement, seqmin, seqmax, seqcycle) from mine join pg_sequence on seqrelid = mine.oid
    order by 1, 2, 3, 4`)
  return rows
}

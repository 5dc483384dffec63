import type { Relation } from '../feed/relation.ts'
import type { CompiledTable } from '../feed/table.ts'
import type { CompiledView } from '../feed/view.ts'
import { qualified, quote, SQL_TYPES, serialName } from './names.ts'

/** A schema that isn't there from the beginning; undefined for the one that is. */
export const schemaStatement = (schema: string): string | undefined =>
  schema === 'public' ? undefined : `create schema if not exists ${quote(schema)}`

/** A table as its feed makes it. The one text that is run at a start and printed by `generate sql`. */
export function tableStatements(table: CompiledTable): string[] {
  const columns = table.columns.map(
    ({ name, type, isRequired }) => `${quote(name)} ${SQL_TYPES[type]}${isRequired ? ' not null' : ''}`,
  )
  const key = table.key.length === 0 ? [] : [`primary key (${table.key.map(quote).join(', ')})`]
  const made = `create table ${qualified(table)} (\n  ${[...columns, ...key].join(',\n  ')}\n)`
  // A key's rows are replaced together; without a key of their own nothing would find them.
  if (table.rows !== 'latest' || table.keyColumn === undefined || table.key[0] === table.keyColumn) return [made]
  return [made, `create index on ${qualified(table)} (${quote(table.keyColumn)})`]
}

/** What its columns count up with. */
export const sequenceStatements = (table: CompiledTable): string[] =>
  table.columns
    .filter(({ fact }) => fact?.kind === 'serial')
    .map(column => `create sequence if not exists ${serialName(table, column)}`)

/** What comes before a view's own SQL. */
export const viewHead = ({ refreshMs }: CompiledView, as: Relation): string =>
  `create ${refreshMs === undefined ? 'or replace view' : 'materialized view'} ${qualified(as)} as (\n`

/** A view as its feed makes it; a refreshed one is filled later, unless told otherwise. In brackets it is a query and nothing after it. */
export function viewStatements(view: CompiledView, as: Relation = view, isFilled = false): string[] {
  const isPlain = view.refreshMs === undefined
  const made = `${viewHead(view, as)}${view.sql}\n)${isPlain || isFilled ? '' : ' with no data'}`
  return isPlain ? [made] : [made, `create unique index on ${qualified(as)} (${view.key.map(quote).join(', ')})`]
}

import type { ColumnType } from '../feed/column.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { CompiledColumn } from '../feed/compile-column.ts'
import { nameOf } from '../feed/relation.ts'
import type { CompiledTable } from '../feed/table.ts'
import type { GeneratedFile } from './file.ts'

/** In one word each, as Mermaid wants them. */
const TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  integer: 'integer',
  bigint: 'bigint',
  double: 'double',
  boolean: 'boolean',
  timestamp: 'timestamptz',
  uuid: 'uuid',
  json: 'jsonb',
}

/** The feeds' tables as Mermaid draws them, with lines where one has another's numbers. */
export function diagramFile(feeds: readonly CompiledFeed[]): GeneratedFile {
  const tables = feeds.flatMap(feed => feed.tables)
  const owners = ownersOf(tables)
  const lines = tables.flatMap(table => [...entityOf(table, owners), ...linesOf(table, owners)])
  return { path: 'tables.mmd', text: `erDiagram\n${lines.map(line => `  ${line}\n`).join('')}` }
}

/** The table of a series: the first that begins with its number. */
function ownersOf(tables: readonly CompiledTable[]): Map<string, CompiledTable> {
  const owners = new Map<string, CompiledTable>()
  for (const table of tables) {
    const series = table.columns[0]?.series
    if (series !== undefined && !owners.has(series)) owners.set(series, table)
  }
  return owners
}

type Owners = ReadonlyMap<string, CompiledTable>

/** Whose number a column has; undefined for its own table's. */
function otherOf(table: CompiledTable, { series }: CompiledColumn, owners: Owners): CompiledTable | undefined {
  const owner = series === undefined ? undefined : owners.get(series)
  return owner === table ? undefined : owner
}

function entityOf(table: CompiledTable, owners: Owners): string[] {
  const columns = table.columns.map(column => {
    const marks = [
      ...(table.key.includes(column.name) ? ['PK'] : []),
      ...(otherOf(table, column, owners) === undefined ? [] : ['FK']),
    ]
    return `  ${TYPES[column.type]} ${column.name}${marks.length === 0 ? '' : ` ${marks.join(', ')}`}`
  })
  const shown = nameOf(table)
  return [shown === idOf(table) ? `${shown} {` : `${idOf(table)}["${shown}"] {`, ...columns, '}']
}

function linesOf(table: CompiledTable, owners: Owners): string[] {
  return table.columns.flatMap(column => {
    const other = otherOf(table, column, owners)
    if (other === undefined) return []
    const many = table.key.length === 1 && table.key[0] === column.name ? 'o|' : 'o{'
    return [`${idOf(other)} ||--${many} ${idOf(table)} : ${column.name}`]
  })
}

/** A point isn't for an id; a hyphen is, and no table has one. */
const idOf = (table: CompiledTable): string => nameOf(table).replace('.', '-')

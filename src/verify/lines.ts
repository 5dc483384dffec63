import type { CompiledColumn } from '../feed/compile-column.ts'
import { misfit } from '../feed/fit.ts'
import type { CompiledTable } from '../feed/table.ts'
import type { RecordRow } from '../store/verify/sources.ts'
import { type Item, itemsOf } from './items.ts'
import { at } from './pointer.ts'

/** Rows as lines of COPY's text format: nothing of this is shared with the code that wrote the tables. */
export const escapeText = (text: string): string =>
  /[\\\n\r\t]/.test(text)
    ? text.replace(/[\\\n\r\t]/g, found => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[found] ?? found)
    : text

const NULL = '\\N'

export type LineSource = { readonly row: RecordRow; readonly event: unknown; readonly firstArrived: string }
type Source = LineSource & { readonly item?: Item }

/** The table's rows for an event, each undefined where a column can't hold what its function gives now. */
export function linesOf(table: CompiledTable, source: LineSource): (string | undefined)[] {
  if (table.each === undefined) return [lineOf(table, source)]
  return itemsOf(table, table.each.pointer, source.event).map(item => lineOf(table, { ...source, item }))
}

function lineOf(table: CompiledTable, source: Source): string | undefined {
  const fields: string[] = []
  for (const column of table.columns) {
    const field = fieldOf(table, column, source)
    if (field === undefined) return undefined
    fields.push(field)
  }
  return `${fields.join('\t')}\n`
}

function fieldOf(
  table: CompiledTable,
  column: CompiledColumn,
  { row, event, firstArrived, item }: Source,
): string | undefined {
  if (column.fact?.kind === 'arrival') return column.fact.of === 'first' ? firstArrived : row.arrived
  if (column.fact !== undefined || column.series !== undefined) {
    const facts = row.facts?.[`${table.schema}.${table.name}.${column.name}`]
    const fact = item === undefined || !Array.isArray(facts) ? facts : facts[item.index]
    return fact === undefined || fact === null ? NULL : escapeText(String(fact))
  }
  if (column.isWholeEvent) return escapeText(row.raw)
  const value = readColumn(column, event, item)
  if (value === null || value === undefined) return NULL
  if (misfit(column.type, value) !== undefined) return undefined
  if (column.type === 'timestamp') return utcOf(String(value))
  if (column.type === 'json') return escapeText(JSON.stringify(value))
  return escapeText(String(value))
}

function readColumn(column: CompiledColumn, event: unknown, item: Item | undefined): unknown {
  if (column.isItem) return at(item?.value, column.pointer)
  if (column.pointer !== '') return at(event, column.pointer)
  try {
    return column.read(event, item)
  } catch {
    return Symbol('thrown')
  }
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** An RFC 3339 time in UTC, to the microsecond. PostgreSQL's own reading ends at offsets of 16 hours. */
export function utcOf(text: string): string {
  const match = TIME.exec(text)
  if (match === null) return NULL
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  const offset = (match[8] === '-' ? -1 : 1) * (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0))
  const digits = (match[7] ?? '').padEnd(6, '0')
  const micros = nearestEven(Number(`0.${digits}`) * 1_000_000)
  const date = new Date(0)
  date.setUTCFullYear(year ?? 0, (month ?? 1) - 1, day)
  date.setUTCHours(hour ?? 0, (minute ?? 0) - offset, (second ?? 0) + Math.floor(micros / 1_000_000))
  const shown = date.getUTCFullYear()
  const [years, era] = shown > 0 ? [shown, ''] : [1 - shown, ' BC']
  const rest = date.toISOString().slice(-20, -5)
  return `${String(years).padStart(4, '0')}${rest}.${String(micros % 1_000_000).padStart(6, '0')}Z${era}`
}

/** Halves go to the even side, as PostgreSQL has them. */
function nearestEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}

/** The value at a path of property names. */
export function valueAt(event: unknown, path: string | undefined): unknown {
  if (path === undefined) return undefined
  let value = event
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

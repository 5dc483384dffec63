import type { CompiledColumn } from '../feed/compile-column.ts'
import type { RowItem } from '../feed/item.ts'
import { keyText } from '../feed/number.ts'
import type { CompiledTable } from '../feed/table.ts'
import { numbersIn } from '../store/write/numbers.ts'
import { factName } from '../store/write/tables.ts'
import { type Fixing, givenTo } from './facts.ts'

type Numbered = { readonly table: CompiledTable; readonly column: CompiledColumn }

/** Gives the batch's rows the numbers of the natural keys that they mention. */
export async function fixNumbers(batch: Fixing): Promise<void> {
  const bySeries = new Map<string, Numbered[]>()
  for (const table of batch.feed.tables)
    for (const column of table.columns) {
      if (column.series === undefined) continue
      const same = bySeries.get(column.series)
      if (same === undefined) bySeries.set(column.series, [{ table, column }])
      else same.push({ table, column })
    }
  // In the order of their names: two batches must not wait for each other.
  for (const [series, columns] of [...bySeries].sort(([a], [b]) => (a < b ? -1 : 1)))
    await fixSeries(batch, series, columns)
}

async function fixSeries(batch: Fixing, series: string, columns: readonly Numbered[]): Promise<void> {
  const mentioned = columns.flatMap(({ table, column }) =>
    givenTo(batch, table, column).map(({ applied, items }) => ({
      applied,
      name: factName(table, column),
      keys: keysIn(column, applied.event, items),
    })),
  )
  const keys = new Set(mentioned.flatMap(one => one.keys).filter(key => key !== null))
  const numbers = keys.size === 0 ? new Map<string, number>() : await numbersIn(batch.client, series, [...keys])
  const numberOf = (key: string | null) => (key === null ? null : (numbers.get(key) ?? null))
  for (const { applied, name, keys: own } of mentioned) {
    applied.facts ??= {}
    applied.facts[name] = typeof own === 'object' && own !== null ? own.map(numberOf) : numberOf(own)
  }
}

/** One for each row where rows may differ in it; else one, which an event without rows has as well. */
function keysIn(column: CompiledColumn, event: unknown, items: readonly RowItem[] | undefined) {
  const isOfEvent = column.pointer !== '' && !column.isItem
  return items === undefined || isOfEvent
    ? keyText(column.read(event))
    : items.map(item => keyText(column.read(event, item)))
}

import type { CompiledTable } from '../feed/table.ts'
import { at } from './pointer.ts'

export type Item = { readonly value: unknown; readonly ordinal: number; readonly index: number }

/** An event's items that are rows of a table: those of one key but the first are none. */
export function itemsOf(table: CompiledTable, pointer: string, event: unknown): Item[] {
  const list = at(event, pointer)
  if (!Array.isArray(list)) return []
  const columns = table.columns.filter(({ name }) => table.key.includes(name))
  const isTold = columns.length === 0 || columns.some(({ fact, isOrdinal }) => fact !== undefined || isOrdinal)
  const items: Item[] = []
  const keys: unknown[][] = []
  for (const [place, value] of list.entries()) {
    const key = columns.map(column => at(column.isItem ? value : event, column.pointer))
    if (!isTold && keys.some(known => known.every((part, index) => Object.is(part, key[index])))) continue
    keys.push(key)
    items.push({ value, ordinal: place + 1, index: items.length })
  }
  return items
}

import type { CompiledFeed } from '../feed/compile.ts'
import type { CompiledColumn } from '../feed/compile-column.ts'
import type { CompiledTable } from '../feed/table.ts'
import type { Client } from '../store/store.ts'
import { findBehindSeries, findOtherNumbers, type SaidNumber } from '../store/verify/numbers.ts'
import type { RecordRow } from '../store/verify/sources.ts'
import { itemsOf } from './items.ts'
import type { Differences } from './report.ts'

/** The numbers of natural keys that events have, beside those that the series have. */
export class NumberCheck {
  readonly #columns: readonly { readonly table: CompiledTable; readonly column: CompiledColumn }[]
  readonly #differences: Differences
  readonly #said = new Map<string, SaidNumber>()
  /** Each is told once, however many events have it. */
  readonly #told = new Set<string>()

  constructor(feed: CompiledFeed, differences: Differences) {
    this.#differences = differences
    this.#columns = feed.tables.flatMap(table =>
      table.columns.filter(({ series }) => series !== undefined).map(column => ({ table, column })),
    )
  }

  take({ facts }: RecordRow, event: unknown, type: string): void {
    for (const { table, column } of this.#columns) {
      if (table.when !== undefined && !table.when.has(type)) continue
      const fact = facts?.[`${table.schema}.${table.name}.${column.name}`]
      if (fact === undefined || fact === null) continue
      const items = table.each === undefined ? undefined : itemsOf(table, table.each.pointer, event)
      if (Array.isArray(fact) && items !== undefined)
        for (const [index, number] of fact.entries()) this.#say(column, event, items[index], number)
      else if (!Array.isArray(fact)) this.#say(column, event, undefined, fact)
    }
  }

  /** Of the events that were taken since it was asked last. */
  async check(client: Client): Promise<void> {
    if (this.#said.size === 0) return
    for (const { series, key, number, kept } of await findOtherNumbers(client, [...this.#said.values()])) {
      const name = JSON.stringify([series, key, number])
      if (this.#told.has(name)) continue
      this.#told.add(name)
      const what = kept === null ? 'removed' : 'changed'
      const found = kept === null ? {} : { found: { series, number: kept } }
      this.#differences.add({ place: 'numbers', what, key, expected: { series, number }, ...found })
    }
    this.#said.clear()
  }

  /** Series that have given more numbers than they know of. */
  async finish(client: Client): Promise<void> {
    const names = [...new Set(this.#columns.flatMap(({ column }) => column.series ?? []))]
    if (names.length === 0) return
    for (const { series, last, given } of await findBehindSeries(client, names))
      this.#differences.add({ place: 'numbers', what: 'changed', expected: { series, last: given }, found: { last } })
  }

  #say(column: CompiledColumn, event: unknown, item: Parameters<CompiledColumn['read']>[1], number: unknown): void {
    const { series } = column
    const key = this.#keyOf(column, event, item)
    if (series === undefined || key === undefined || typeof number !== 'number') return
    const said = { series, key, number }
    this.#said.set(JSON.stringify(said), said)
  }

  #keyOf(column: CompiledColumn, event: unknown, item: Parameters<CompiledColumn['read']>[1]): string | undefined {
    try {
      const key = column.read(event, item)
      return key === undefined || key === null ? undefined : String(key)
    } catch {
      // What the function gave then isn't known any more; the row's own check tells that it fails.
      return undefined
    }
  }
}

import type { CompiledFeed } from '../feed/compile.ts'
import { parseExactly } from '../feed/exact.ts'
import { digestOf, without } from '../feed/same.ts'
import type { CompiledTable } from '../feed/table.ts'
import type { Client } from '../store/store.ts'
import { type Comparison, comparisonOf, copyLines, tableExists } from '../store/verify/difference.ts'
import type { RecordRow } from '../store/verify/sources.ts'
import { escapeText, linesOf } from './lines.ts'
import type { Differences, Place } from './report.ts'

export type Expected = {
  readonly place: Place
  readonly comparison: Comparison
  readonly exists: boolean
  readonly keyColumn: string | undefined
}

/** What the feed's tables should hold, gathered as lines and copied beside them a page at a time. */
export class ExpectedRows {
  readonly expected: Expected[]
  rows = 0
  readonly #feed: CompiledFeed
  readonly #differences: Differences
  readonly #lines: string[][]

  private constructor(feed: CompiledFeed, expected: Expected[], differences: Differences) {
    this.#feed = feed
    this.expected = expected
    this.#differences = differences
    this.#lines = expected.map(() => [])
  }

  static async of(client: Client, feed: CompiledFeed, id: number, differences: Differences): Promise<ExpectedRows> {
    const expected: Expected[] = []
    for (const [index, table] of feed.tables.entries())
      expected.push({
        place: `table:${table.schema}.${table.name}`,
        comparison: comparisonOf(table, index),
        exists: await tableExists(client, table),
        keyColumn: table.keyColumn,
      })
    if (feed.identity.idOf !== undefined) expected.push(seenOf(id, feed))
    return new ExpectedRows(feed, expected, differences)
  }

  /** An event's rows in the tables that have one for each event. */
  takeEvent(row: RecordRow, event: unknown, type: string): void {
    for (const [index, table] of this.#feed.tables.entries())
      if (table.rows === 'each' && (table.when === undefined || table.when.has(type)))
        this.#take(index, table, row, event, row.arrived)
    if (this.#feed.identity.idOf !== undefined) this.#takeSeen(row, event)
  }

  /** A key's row in a table that has one for each key. */
  takeLatest(index: number, row: RecordRow, event: unknown, firstArrived: string): void {
    const table = this.#feed.tables[index]
    if (table !== undefined) this.#take(index, table, row, event, firstArrived)
  }

  async flush(client: Client): Promise<void> {
    for (const [index, lines] of this.#lines.entries()) {
      const one = this.expected[index]
      if (lines.length === 0 || one === undefined) continue
      await copyLines(client, one.comparison, lines.join(''))
      this.#lines[index] = []
    }
  }

  #take(index: number, table: CompiledTable, row: RecordRow, event: unknown, firstArrived: string): void {
    for (const line of linesOf(table, { row, event, firstArrived })) {
      this.rows++
      if (line !== undefined) this.#lines[index]?.push(line)
      else
        this.#differences.add({
          place: `table:${table.schema}.${table.name}`,
          what: 'changed',
          sequence: row.sequence,
          found: 'a column can no longer hold what its function gives for this event',
        })
    }
  }

  #takeSeen(row: RecordRow, event: unknown): void {
    const { idOf, timePath } = this.#feed.identity
    const content = parseExactly(row.raw)
    const digest = digestOf(timePath === undefined ? content : without(content, timePath.split('.')))
    this.#lines.at(-1)?.push(`${escapeText(idOf?.(event) ?? '')}\t${digest.toString('hex')}\n`)
  }
}

/** The ids that a unique feed remembers; with a horizon some are forgotten, so only those that are there are looked at. */
function seenOf(feed: number, { tables }: CompiledFeed): Expected {
  const index = tables.length
  return {
    place: 'seen',
    comparison: {
      real: `(select id, encode(digest, 'hex') as digest from groundstation.seen where feed = ${feed})`,
      columns: [
        { name: '"id"', type: 'text' },
        { name: '"digest"', type: 'text' },
      ],
      key: ['"id"'],
      expected: `pg_temp."$expected_${index}"`,
      different: `pg_temp."$different_${index}"`,
    },
    exists: true,
    keyColumn: 'id',
  }
}

import type { CompiledFeed } from '../feed/compile.ts'
import type { CompiledTable } from '../feed/table.ts'
import { type KeyEvent, loadEvents } from '../store/replay/keys.ts'
import type { Client } from '../store/store.ts'
import type { RowSource } from '../store/write/tables.ts'
import { reparse } from './decide/reparse.ts'

const PAGE = 1_000

type Latest = { readonly last: KeyEvent; readonly first: KeyEvent }

/**
 * From the record, the rows of the tables that have one for each key: of its highest number that fits the table, and what
 * belongs to its first version of the one that was applied first. For heals and replays, where order can't be taken from
 * what arrives. The keys are locked.
 */
export async function latestRows(
  client: Client,
  feed: CompiledFeed,
  feedId: number,
  keyIds: readonly number[],
): Promise<Map<CompiledTable, RowSource[]>> {
  const found = new Map<CompiledTable, Map<number, Latest>>()
  for (const table of feed.tables) if (table.rows === 'latest') found.set(table, new Map())
  let after = { keyId: -1, sequence: 0 }
  for (;;) {
    const page = await loadEvents(client, feedId, keyIds, after, PAGE)
    const end = page.at(-1)
    if (end === undefined) break
    for (const row of page) take(feed, found, row)
    after = end
  }
  return new Map([...found].map(([table, keys]) => [table, [...keys.values()].map(one => sourceOf(feed, one))]))
}

function take(feed: CompiledFeed, found: ReadonlyMap<CompiledTable, Map<number, Latest>>, row: KeyEvent): void {
  const { type } = reparse(feed, row.raw)
  for (const [table, keys] of found) {
    if (table.when !== undefined && !table.when.has(type)) continue
    const first = keys.get(row.keyId)?.first
    keys.set(row.keyId, { last: row, first: first === undefined || row.position < first.position ? row : first })
  }
}

const sourceOf = (feed: CompiledFeed, { last, first }: Latest): RowSource => ({
  event: reparse(feed, last.raw).event,
  raw: Buffer.from(last.raw),
  facts: last.facts ?? undefined,
  arrivedMicros: last.arrivedMicros,
  firstArrivedMicros: first.arrivedMicros,
})

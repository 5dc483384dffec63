import type { CompiledFeed } from '../feed/compile.ts'
import type { CompiledTable } from '../feed/table.ts'
import { type KeyEvent, loadEvents } from '../store/replay/keys.ts'
import type { Client } from '../store/store.ts'
import type { RowSource } from '../store/write/tables.ts'
import { reparse } from './decide/reparse.ts'
import { type GivenFacts, giveFacts } from './late-facts.ts'

const PAGE = 1_000

type Latest = { readonly last: KeyEvent; readonly rank: Buffer | undefined; readonly first: KeyEvent }

/**
 * From the record, the rows of the tables that have one for each key: of its highest number that fits the table, or its
 * highest rank, and what belongs to its first version of the one that was applied first. For heals and replays, where order
 * can't be taken from what arrives. The keys are locked.
 */
export async function latestRows(
  client: Client,
  feed: CompiledFeed,
  feedId: number,
  keyIds: readonly number[],
  tables = latestTables(feed),
): Promise<Map<CompiledTable, RowSource[]>> {
  const found = new Map(tables.map(table => [table, new Map<number, Latest>()]))
  for await (const page of pagesOf(client, feedId, keyIds)) for (const row of page) take(feed, found, row)
  const facts = await giveFacts(client, feed, feedId, newestOf(found))
  const sourcesOf = (keys: ReadonlyMap<number, Latest>) => [...keys.values()].map(one => sourceOf(feed, one, facts))
  return new Map([...found].map(([table, keys]) => [table, sourcesOf(keys)]))
}

/** The events that rows are made of, each once. */
const newestOf = (found: ReadonlyMap<CompiledTable, ReadonlyMap<number, Latest>>): KeyEvent[] => [
  ...new Set([...found.values()].flatMap(keys => [...keys.values()].map(({ last }) => last))),
]

export const latestTables = ({ tables }: CompiledFeed): CompiledTable[] =>
  tables.filter(({ rows }) => rows === 'latest')

/** From the record, the rank of a key's latest version; null where it has none. */
export async function highestRank(
  client: Client,
  feed: CompiledFeed,
  feedId: number,
  keyId: number,
): Promise<Buffer | null> {
  let highest: Buffer | null = null
  for await (const page of pagesOf(client, feedId, [keyId]))
    for (const { raw } of page) {
      const rank = feed.identity.rankOf?.(reparse(feed, raw).event)
      if (rank !== undefined && (highest === null || rank.compare(highest) >= 0)) highest = rank
    }
  return highest
}

async function* pagesOf(client: Client, feedId: number, keyIds: readonly number[]): AsyncGenerator<KeyEvent[], void> {
  let after = { keyId: -1, sequence: 0 }
  for (;;) {
    const page = await loadEvents(client, feedId, keyIds, after, PAGE)
    const end = page.at(-1)
    if (end === undefined) return
    yield page
    after = end
  }
}

function take(feed: CompiledFeed, found: ReadonlyMap<CompiledTable, Map<number, Latest>>, row: KeyEvent): void {
  const { event, type } = reparse(feed, row.raw)
  const rank = feed.identity.rankOf?.(event)
  for (const [table, keys] of found) {
    if (table.when !== undefined && !table.when.has(type)) continue
    const known = keys.get(row.keyId)
    const first = known === undefined || row.position < known.first.position ? row : known.first
    const isBelow = rank !== undefined && known?.rank !== undefined && rank.compare(known.rank) < 0
    keys.set(row.keyId, isBelow ? { ...known, first } : { last: row, rank, first })
  }
}

const sourceOf = (feed: CompiledFeed, { last, first }: Latest, facts: GivenFacts): RowSource => ({
  event: reparse(feed, last.raw).event,
  raw: Buffer.from(last.raw),
  facts: facts.get(last) ?? last.facts ?? undefined,
  arrivedMicros: last.arrivedMicros,
  firstArrivedMicros: first.arrivedMicros,
})

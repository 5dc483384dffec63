import { latestRows } from '../engine/latest.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { CompiledTable } from '../feed/table.ts'
import type { StoredFeed } from '../store/feed.ts'
import { ofKeys } from '../store/replay/rows.ts'
import type { Client } from '../store/store.ts'
import { type Comparison, compare, comparisonOf, existing, makeComparison, settle } from '../store/verify/difference.ts'
import { insertRows } from '../store/write/tables.ts'
import { isUuidKey } from './identity.ts'
import type { ReplayCounts } from './report.ts'

type Key = { readonly id: number; readonly key: string }

/** Tables of a row a key, rebuilt for some keys at a time while their lane is locked. */
export class LatestTables {
  readonly #client: Client
  readonly #feed: CompiledFeed
  readonly #stored: StoredFeed
  readonly #counts: ReplayCounts
  readonly #tables: readonly { readonly table: CompiledTable; readonly comparison: Comparison }[]

  private constructor(client: Client, feed: CompiledFeed, stored: StoredFeed, counts: ReplayCounts) {
    this.#client = client
    this.#feed = feed
    this.#stored = stored
    this.#counts = counts
    this.#tables = feed.tables.flatMap((table, index) =>
      table.rows === 'latest' ? [{ table, comparison: comparisonOf(table, index) }] : [],
    )
  }

  /** Undefined where the feed has no such table. */
  static async of(
    client: Client,
    feed: CompiledFeed,
    stored: StoredFeed,
    counts: ReplayCounts,
  ): Promise<LatestTables | undefined> {
    const latest = new LatestTables(client, feed, stored, counts)
    if (latest.#tables.length === 0) return undefined
    for (const { comparison } of latest.#tables) await makeComparison(client, comparison)
    return latest
  }

  /** Whether a row was otherwise than it should be. `keys` may have rows, those of `recorded` alone should. */
  async settle(keys: readonly Key[], recorded: readonly Key[]): Promise<boolean> {
    const ids = recorded.map(({ id }) => id)
    const rows = await latestRows(this.#client, this.#feed, this.#stored.id, ids)
    let isChanged = false
    for (const { table, comparison: known } of this.#tables) {
      const comparison = await existing(this.#client, table, known)
      await insertRows(this.#client, table, rows.get(table) ?? [], comparison.expected)
      const where = ofKeys(table, table.keyColumn ?? '', isUuidKey(this.#feed))
      const values = [keys.map(({ key }) => key)]
      const { missing, surplus } = await compare(this.#client, comparison, where, values)
      if (missing + surplus === 0) continue
      isChanged = true
      await settle(this.#client, comparison, where, values)
      this.#counts.addRows(`${table.schema}.${table.name}`, missing, surplus)
    }
    return isChanged
  }
}

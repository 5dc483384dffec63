import { reparse } from '../engine/decide/reparse.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { CompiledTable } from '../feed/table.ts'
import type { StoredFeed } from '../store/feed.ts'
import { beginLook, endLook, ofKeys, openEvents } from '../store/replay/rows.ts'
import type { Client } from '../store/store.ts'
import { compare, comparisonOf, existing, makeComparison, settle } from '../store/verify/difference.ts'
import { insertRows, type RowSource } from '../store/write/tables.ts'
import { isUuidKey } from './identity.ts'
import type { ReplayCounts } from './report.ts'

export type EachPart = {
  readonly client: Client
  readonly feed: CompiledFeed
  readonly stored: StoredFeed
  readonly key: { readonly id: number; readonly key: string } | undefined
  readonly dry: boolean
  readonly counts: ReplayCounts
  readonly onEvents: (events: number) => void
}

/**
 * Tables of a row an event, without a lock: an event leaves neither the record nor its table, so what differs at one
 * moment differs until it is settled, whatever is written meanwhile. All of it in one transaction, or nothing.
 */
export async function replayEachTables(part: EachPart): Promise<void> {
  const { client, feed, stored, key, counts } = part
  const each = feed.tables.map((table, index) => ({ table, comparison: comparisonOf(table, index) }))
  const tables = each.filter(
    ({ table }) => table.rows === 'each' && (key === undefined || table.keyColumn !== undefined),
  )
  if (key !== undefined)
    for (const { table } of each)
      if (table.rows === 'each' && table.keyColumn === undefined)
        counts.tablesSkipped.push(`${table.schema}.${table.name}`)
  if (tables.length === 0) return
  await beginLook(client, stored.id)
  for (const { comparison } of tables) await makeComparison(client, comparison)
  await fill(part, tables)
  for (const { table, comparison: known } of tables) {
    const comparison = await existing(client, table, known)
    const where = key === undefined ? 'true' : ofKeys(table, table.keyColumn ?? '', isUuidKey(feed))
    const values = key === undefined ? [] : [[key.key]]
    const { missing, surplus } = await compare(client, comparison, where, values)
    if (missing + surplus > 0 && !part.dry) await settle(client, comparison, where, values)
    counts.addRows(`${table.schema}.${table.name}`, missing, surplus)
  }
  await client.query(part.dry ? 'rollback' : 'commit')
  await endLook(client, stored.id)
}

async function fill(
  { client, feed, stored, key, onEvents }: EachPart,
  tables: readonly { table: CompiledTable; comparison: { expected: string } }[],
): Promise<void> {
  const pages = await openEvents(client, stored.id, key?.id)
  let events = 0
  for (let page = await pages.next(); page.length > 0; page = await pages.next()) {
    const rows = page.map(({ raw, facts, arrivedMicros }) => {
      const { event, type } = reparse(feed, raw)
      const source: RowSource = { event, raw: Buffer.from(raw), facts: facts ?? undefined, arrivedMicros }
      return { source, type }
    })
    for (const { table, comparison } of tables) {
      const fitting = rows.filter(({ type }) => table.when === undefined || table.when.has(type))
      const sources = fitting.map(({ source }) => source)
      if (sources.length > 0) await insertRows(client, table, sources, comparison.expected)
    }
    events += page.length
    onEvents(events)
  }
}

import { randomBytes } from 'node:crypto'
import type { CompiledColumn, CompiledTable } from '../feed/table.ts'
import { factName, nextSerials } from '../store/write/tables.ts'
import type { Batch } from './batch.ts'

/**
 * Fixes what isn't in the events before they go on the record, so that a replay gives the same rows: serial numbers and
 * new identifiers. Arrival times need no fixing, the record has them.
 */
export async function fixFacts(batch: Batch): Promise<void> {
  for (const table of batch.feed.tables)
    for (const column of table.columns) {
      const kind = column.fact?.kind
      if (kind === 'serial') await fixSerials(batch, table, column)
      else if (kind === 'uuid7') fixUuids(batch, table, column)
    }
}

const rowsOf = (batch: Batch, table: CompiledTable) =>
  batch.effects.applied.filter(({ type }) => table.when === undefined || table.when.has(type))

async function fixSerials(batch: Batch, table: CompiledTable, column: CompiledColumn): Promise<void> {
  const rows = rowsOf(batch, table)
  if (rows.length === 0) return
  const numbers = await nextSerials(batch.client, table, column, rows.length)
  const name = factName(table, column)
  for (const [index, row] of rows.entries()) {
    row.facts ??= {}
    row.facts[name] = numbers[index] ?? 0
  }
}

function fixUuids(batch: Batch, table: CompiledTable, column: CompiledColumn): void {
  const name = factName(table, column)
  for (const [index, row] of rowsOf(batch, table).entries()) {
    row.facts ??= {}
    row.facts[name] = uuid7At(batch.opened.nowMicros, index)
  }
}

/**
 * RFC 9562, version 7: 48 bits of milliseconds, 12 of their fraction, 20 that count a batch's events up, 42 of chance. So
 * ids rise as events are accepted, within a batch too.
 */
export function uuid7At(nowMicros: number, index: number, chance: Buffer = randomBytes(6)): string {
  const bytes = Buffer.alloc(16)
  chance.copy(bytes, 10)
  bytes.writeUIntBE(Math.floor(nowMicros / 1000), 0, 6)
  bytes.writeUInt16BE(0x7000 | Math.floor(((nowMicros % 1000) * 4096) / 1000), 6)
  bytes.writeUInt16BE(0x8000 | ((index >> 6) & 0x3fff), 8)
  bytes[10] = ((index & 0x3f) << 2) | ((bytes[10] ?? 0) & 0x03)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

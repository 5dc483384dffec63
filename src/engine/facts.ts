import { randomBytes } from 'node:crypto'
import type { CompiledColumn } from '../feed/compile-column.ts'
import type { RowItem } from '../feed/item.ts'
import type { CompiledTable } from '../feed/table.ts'
import type { Fact } from '../store/facts.ts'
import { factName, nextSerials } from '../store/write/tables.ts'
import type { Batch } from './batch.ts'
import type { Applied } from './effects.ts'

/**
 * Fixes what isn't in the events before they go on the record, so that a replay gives the same rows: serial numbers and
 * new identifiers, headers. Arrival times need no fixing, the record has them.
 */
export async function fixFacts(batch: Fixing): Promise<void> {
  for (const table of batch.feed.tables)
    for (const column of table.columns) {
      const kind = column.fact?.kind
      if (kind === 'serial') await fixSerials(batch, table, column)
      else if (kind === 'uuid7') fixUuids(batch, table, column)
      else if (column.fact?.header !== undefined) fixHeader(batch, table, column, column.fact.header)
    }
}

/** An event whose facts are fixed: one that is new, or one from before a column was declared. */
export type ToFix = Pick<Applied, 'event' | 'type' | 'headers' | 'facts'>

/** What of a batch it takes to fix the facts of its events. */
export type Fixing = Pick<Batch, 'feed' | 'client'> & {
  readonly opened: Pick<Batch['opened'], 'nowMicros'>
  readonly effects: { readonly applied: readonly ToFix[] }
}

type Given = { readonly applied: ToFix; readonly items: readonly RowItem[] | undefined }

/** The events that give a table rows and have nothing for the column yet, with its items where each is a row. */
export const givenTo = (
  { effects }: Pick<Fixing, 'effects'>,
  table: CompiledTable,
  column: CompiledColumn,
): Given[] => {
  const { when, each } = table
  const name = factName(table, column)
  return effects.applied
    .filter(({ type, facts }) => (when === undefined || when.has(type)) && facts?.[name] === undefined)
    .map(applied => ({ applied, items: each?.itemsOf(applied.event) }))
}

const countOf = (given: readonly Given[]): number => given.reduce((sum, { items }) => sum + (items?.length ?? 1), 0)

/** One for each row, in their order. */
function put(given: readonly Given[], name: string, next: () => Fact): void {
  for (const one of given) putOne(one, name, next)
}

function putOne({ applied, items }: Given, name: string, next: () => Fact): void {
  applied.facts ??= {}
  applied.facts[name] = items === undefined ? next() : items.map(next)
}

function fixHeader(batch: Fixing, table: CompiledTable, column: CompiledColumn, header: string): void {
  for (const given of givenTo(batch, table, column)) {
    const value = given.applied.headers?.[header]
    if (value !== undefined) putOne(given, factName(table, column), () => value)
  }
}

async function fixSerials(batch: Fixing, table: CompiledTable, column: CompiledColumn): Promise<void> {
  const given = givenTo(batch, table, column)
  const count = countOf(given)
  if (count === 0) return
  const numbers = (await nextSerials(batch.client, table, column, count)).values()
  put(given, factName(table, column), () => numbers.next().value ?? 0)
}

function fixUuids(batch: Fixing, table: CompiledTable, column: CompiledColumn): void {
  let index = 0
  put(givenTo(batch, table, column), factName(table, column), () => uuid7At(batch.opened.nowMicros, index++))
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

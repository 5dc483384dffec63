import type { CompiledTable } from '../../feed/table.ts'
import type { Facts } from '../facts.ts'
import { literal, qualified, quote, SQL_TYPES } from '../names.ts'
import type { Client } from '../store.ts'
import { Pages } from '../verify/pages.ts'

export type RecordedEvent = {
  readonly raw: string
  readonly facts: Facts | null
  readonly arrivedMicros: number
}

/** The record in whatever order it lies, of one key or of all. */
export const openEvents = (client: Client, feed: number, keyId: number | undefined): Promise<Pages<RecordedEvent>> =>
  Pages.open(
    client,
    'replay_record',
    `select raw, facts, (extract(epoch from coalesce(arrived, recorded)) * 1000000)::bigint as "arrivedMicros"
     from groundstation.event_${feed} ${keyId === undefined ? '' : `where key_id = ${keyId}`}`,
    1_000,
  )

/** The condition that a row belongs to one of the keys in the first parameter, a text array. */
export function ofKeys(table: CompiledTable, keyColumn: string, isUuid: boolean): string {
  const column = table.columns.find(({ name }) => name === keyColumn)
  const type = SQL_TYPES[column?.type ?? 'text']
  if (column?.series !== undefined)
    return `${quote(keyColumn)} in (select number from groundstation.number where series = ${literal(column.series)} and key = any($1::text[]))`
  if (type !== 'text') return `${quote(keyColumn)} = any($1::${type}[])`
  // A UUID is one key in capitals and in small letters; as text its row has it as it was posted.
  return isUuid ? `lower(${quote(keyColumn)}) = any($1::text[])` : `${quote(keyColumn)} = any($1::text[])`
}

/** Deletes the rows of a table of latest versions whose key nobody knows. */
export async function deleteUnknown(
  client: Client,
  table: CompiledTable,
  keyColumn: string,
  isUuid: boolean,
  feed: number,
): Promise<number> {
  const series = table.columns.find(({ name }) => name === keyColumn)?.series
  if (series !== undefined) return deleteUnnumbered(client, table, keyColumn, series, feed)
  const text = isUuid ? `lower(t.${quote(keyColumn)}::text)` : `t.${quote(keyColumn)}::text`
  const { rowCount } = await client.query(
    `delete from ${qualified(table)} t where not exists (select from groundstation.key_${feed} k where k.key = ${text} collate "C")`,
  )
  return rowCount ?? 0
}

async function deleteUnnumbered(
  client: Client,
  table: CompiledTable,
  keyColumn: string,
  series: string,
  feed: number,
): Promise<number> {
  const { rowCount } = await client.query(
    `delete from ${qualified(table)} t where not exists (select from groundstation.number n
       join groundstation.key_${feed} k on k.key = n.key where n.series = $1 and n.number = t.${quote(keyColumn)})`,
    [series],
  )
  return rowCount ?? 0
}

/** One look, and what follows from it, as long as it takes; one at a time for each feed. */
export async function beginLook(client: Client, feed: number): Promise<void> {
  await client.query(`select pg_advisory_lock(715103322, ${feed})`)
  await client.query(
    `begin isolation level repeatable read; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0`,
  )
}

export const endLook = (client: Client, feed: number): Promise<unknown> =>
  client.query(`select pg_advisory_unlock(715103322, ${feed})`)

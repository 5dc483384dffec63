import type { StateValue } from '../../feed/state.ts'
import type { Spans } from '../../sequencer/key.ts'
import type { Facts } from '../facts.ts'
import type { Client } from '../store.ts'
import { Pages } from './pages.ts'

export type RecordRow = {
  readonly keyId: number | null
  readonly sequence: number
  readonly lane: number
  readonly position: number
  /** As PostgreSQL prints it, in UTC. */
  readonly arrived: string
  readonly facts: Facts | null
  readonly raw: string
}

export type KeyRow = {
  readonly keyId: number
  readonly key: string
  readonly lane: number
  readonly frontier: number
  readonly events: number
  readonly generation: number
  readonly time: string | null
  readonly digest: Buffer | null
  readonly rank: Buffer | null
  readonly spans: Spans | null
  readonly waitingSinceMs: number | null
  readonly state: StateValue | null
}

export type HeldRow = { readonly keyId: number; readonly sequence: number; readonly arrivedMs: number }
export type LetterRow = {
  readonly keyId: number
  readonly sequence: number
  readonly reason: string
  readonly isTimeout: boolean
}
export type SnapshotRow = {
  readonly keyId: number
  readonly sequence: number
  readonly events: number
  readonly generation: number
  readonly time: string | null
  readonly state: StateValue
}

const PAGE_BYTES_MAX = 64 * 1024 * 1024
const PAGE_ROWS_MAX = 2_000

/** The record by key and number; the sizes are known without reading what they are of. */
export async function openRecord(client: Client, feed: number, isKeyed: boolean): Promise<Pages<RecordRow>> {
  const { rows } = await client.query<{ largest: number | null }>(
    `select max(octet_length(raw))::bigint as largest from groundstation.event_${feed}`,
  )
  const pageRows = Math.floor(PAGE_BYTES_MAX / Math.max(1, rows[0]?.largest ?? 1))
  return Pages.open(
    client,
    'verify_record',
    `select key_id as "keyId", sequence, lane, position, coalesce(arrived, recorded) as arrived, facts, raw
     from groundstation.event_${feed} ${isKeyed ? 'where key_id is not null order by key_id, sequence, position' : ''}`,
    Math.min(PAGE_ROWS_MAX, Math.max(16, pageRows)),
  )
}

export const openKeys = (client: Client, feed: number): Promise<Pages<KeyRow>> =>
  Pages.open(
    client,
    'verify_keys',
    `select id as "keyId", key, lane, frontier, events, generation, time, digest, rank, spans, state,
       (extract(epoch from waiting_since) * 1000)::double precision as "waitingSinceMs"
     from groundstation.key_${feed} order by id`,
    500,
  )

export const openHeld = (client: Client, feed: number): Promise<Pages<HeldRow>> =>
  Pages.open(
    client,
    'verify_held',
    `select key_id as "keyId", sequence, (extract(epoch from arrived) * 1000)::double precision as "arrivedMs"
     from groundstation.held_event where feed = ${feed} order by key_id, sequence`,
  )

/** Letters that say something of a key's numbers: dismissed ones void them, those of the fold name what was skipped. */
export const openLetters = (client: Client, feed: number): Promise<Pages<LetterRow>> =>
  Pages.open(
    client,
    'verify_letters',
    `select k.id as "keyId", d.sequence, d.reason, d.message like '%took longer than%' as "isTimeout"
     from groundstation.dead_letter d join groundstation.key_${feed} k on k.key = d.key
     where d.feed = ${feed} and d.sequence is not null and d.reason <> 'conflict'
       and (d.status = 'dismissed' or (d.reason = 'fold' and d.status = 'open'))
     order by k.id, d.sequence`,
  )

export const openSnapshots = (client: Client, feed: number): Promise<Pages<SnapshotRow>> =>
  Pages.open(
    client,
    'verify_snapshots',
    `select key_id as "keyId", sequence, events, generation, time, state
     from groundstation.snapshot where feed = ${feed} order by key_id, sequence`,
    200,
  )

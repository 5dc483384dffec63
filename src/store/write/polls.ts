import { GroundstationError } from '../../errors.ts'
import type { Client, Query } from '../store.ts'

/** The log of a feed's polls; its offset counts the pages that were applied. */
export const POLL_LOG = 'poll'

/** How a feed's polling stands. */
export type PollStanding = {
  readonly epoch: number
  /** Of the last run; 0 where there was none. */
  readonly run: number
  readonly isOpen: boolean
  /** Since when the last run began, by the database's clock, in milliseconds. */
  readonly ageMs: number | undefined
  /** The time of the cron line that it was for, in milliseconds since 1970. */
  readonly scheduledForMs: number | undefined
  /** How long somebody holds the lease yet; 0 where nobody does. */
  readonly leaseMs: number
  /** How long the API that the last run asked is to be left alone yet; 0 where it asked for nothing. */
  readonly restMs: number
}

/** A poll that the caller holds. */
export type PollTurn = {
  readonly epoch: number
  readonly run: number
  readonly nextOffset: number
  /** As the last page that was applied left it. */
  readonly cursor: unknown
}

export type PollTake = {
  /** As it stood: where somebody has taken it since, nothing is taken. */
  readonly standing: PollStanding
  readonly leaseMs: number
  /** Whether the run that is open goes on; otherwise another begins. */
  readonly resumes: boolean
  readonly scheduledForMs: number | undefined
}

export type PollCounts = {
  readonly requests: number
  readonly new: number
  readonly changed: number
  readonly unchanged: number
  readonly rejected: number
  readonly gone: number
  /** Of those that changed, items whose key came already in their page, with other content. */
  readonly shared: number
}

export type PollEnd = PollCounts & {
  readonly ms: number
  readonly isComplete: boolean
  readonly error: string | undefined
  /** How long the API asks to be left alone. */
  readonly restMs: number | undefined
  readonly cursor: unknown
}

/** As many runs of a feed are kept. */
const RUNS_MAX = 10_000

type StandingRow = {
  readonly [Name in keyof PollStanding]: Exclude<PollStanding[Name], undefined> | null
}

export async function findPoll(query: Query, feed: number): Promise<PollStanding> {
  const { rows } = await query(
    `select epoch, run, is_open as "isOpen",
       (extract(epoch from clock_timestamp() - started_at) * 1000)::double precision as "ageMs",
       (extract(epoch from scheduled_for) * 1000)::double precision as "scheduledForMs",
       greatest(0, extract(epoch from nullif(leased_until, '-infinity') - clock_timestamp()) * 1000)::double precision as "leaseMs",
       greatest(0, least(rest_ms, extract(epoch from not_before - clock_timestamp()) * 1000))::double precision as "restMs"
     from groundstation.poll where feed = $1`,
    [feed],
  )
  const row = (rows as unknown as StandingRow[])[0]
  return {
    epoch: row?.epoch ?? 0,
    run: row?.run ?? 0,
    isOpen: row?.isOpen ?? false,
    ageMs: row?.ageMs ?? undefined,
    scheduledForMs: row?.scheduledForMs ?? undefined,
    leaseMs: row?.leaseMs ?? 0,
    restMs: row?.restMs ?? 0,
  }
}

/** Takes the lease where it is free and the poll still stands as it was seen; undefined otherwise. */
export async function takePoll(client: Client, feed: number, take: PollTake): Promise<PollTurn | undefined> {
  const { standing, leaseMs, resumes, scheduledForMs } = take
  await client.query('insert into groundstation.poll (feed) values ($1) on conflict do nothing', [feed])
  const taken = await client.query<{ epoch: number; run: number }>(
    `update groundstation.poll set epoch = epoch + 1, is_open = true,
       leased_until = clock_timestamp() + $3 * interval '1 millisecond',
       run = case when $4 then run else run + 1 end,
       started_at = case when $4 then started_at else clock_timestamp() end, rest_ms = null, not_before = null,
       scheduled_for = coalesce(to_timestamp($5::double precision / 1000), scheduled_for)
     where feed = $1 and epoch = $2 and leased_until <= clock_timestamp() returning epoch, run`,
    [feed, standing.epoch, leaseMs, resumes, scheduledForMs ?? null],
  )
  const turn = taken.rows[0]
  if (turn === undefined) return undefined
  // Waits for a batch of the poll before that is under way.
  const log = await client.query<{ nextOffset: number; cursor: unknown }>(
    `insert into groundstation.source as s (feed, name, epoch) values ($1, $2, $3)
     on conflict (feed, name) do update set epoch = excluded.epoch, updated_at = now()
     returning next_offset as "nextOffset", cursor`,
    [feed, POLL_LOG, turn.epoch],
  )
  if (!resumes) await openRun(client, feed, turn.run)
  return { ...turn, nextOffset: log.rows[0]?.nextOffset ?? 0, cursor: log.rows[0]?.cursor ?? null }
}

async function openRun(client: Client, feed: number, run: number): Promise<void> {
  await client.query(
    `update groundstation.poll_run r set ms = coalesce(r.ms, 0), error = 'it was interrupted'
     from groundstation.feed f where f.id = $1 and r.feed = f.name and r.ms is null`,
    [feed],
  )
  await client.query(
    `insert into groundstation.poll_run (feed, run, started_at)
     select f.name, p.run, p.started_at from groundstation.poll p join groundstation.feed f on f.id = p.feed where p.feed = $1`,
    [feed],
  )
  await client.query(
    'delete from groundstation.poll_run r using groundstation.feed f where f.id = $1 and r.feed = f.name and r.run <= $2',
    [feed, run - RUNS_MAX],
  )
}

/** Holds the lease on; false where it was lost, or given back meanwhile: a renewal may wait for the end of the poll. */
export async function renewPoll(query: Query, feed: number, epoch: number, leaseMs: number): Promise<boolean> {
  const { rows } = await query(
    `update groundstation.poll set leased_until = clock_timestamp() + $3 * interval '1 millisecond'
     where feed = $1 and epoch = $2 and leased_until > '-infinity' returning feed`,
    [feed, epoch, leaseMs],
  )
  return rows.length > 0
}

/** Ends the run and gives the lease back. Raises SOURCE_FENCED where another has taken it. */
export async function endPoll(client: Client, feed: number, epoch: number, end: PollEnd): Promise<void> {
  await give(client, feed, epoch, false)
  await client.query(
    `update groundstation.poll set rest_ms = $2::bigint, not_before = clock_timestamp() + $2 * interval '1 millisecond'
     where feed = $1`,
    [feed, end.restMs ?? null],
  )
  await client.query('update groundstation.source set cursor = $3, updated_at = now() where feed = $1 and name = $2', [
    feed,
    POLL_LOG,
    JSON.stringify(end.cursor),
  ])
  await client.query(
    `update groundstation.poll_run r set ms = $2, requests = $3, new = $4, changed = $5, unchanged = $6, rejected = $7, gone = $8,
       is_complete = $9, error = $10, shared = $11, not_before = p.not_before
     from groundstation.poll p join groundstation.feed f on f.id = p.feed where p.feed = $1 and r.feed = f.name and r.run = p.run`,
    [
      feed,
      Math.round(end.ms),
      end.requests,
      end.new,
      end.changed,
      end.unchanged,
      end.rejected,
      end.gone,
      end.isComplete,
      end.error ?? null,
      end.shared,
    ],
  )
}

/** Gives the lease back in the middle of a run, which whoever takes it next goes on with. */
export async function leavePoll(client: Client, feed: number, epoch: number): Promise<void> {
  await give(client, feed, epoch, true)
}

async function give(client: Client, feed: number, epoch: number, isOpen: boolean): Promise<void> {
  const { rowCount } = await client.query(
    `update groundstation.poll set leased_until = '-infinity', is_open = $3 where feed = $1 and epoch = $2`,
    [feed, epoch, isOpen],
  )
  if (rowCount === 0) throw new GroundstationError('SOURCE_FENCED', 'The poll was taken over by another process')
}

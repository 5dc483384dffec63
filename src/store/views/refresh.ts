import { nameOf, type Relation } from '../../feed/relation.ts'
import { qualified } from '../names.ts'
import type { Client, Store } from '../store.ts'
import { problemOf } from './problem.ts'

/** A refresh that takes longer is given up, and told. */
const REFRESH_MS_MAX = 3_600_000

/** What became of a view's turn. */
export type Refreshed = Relation & { readonly problem: string | undefined }

export type RefreshOptions = {
  readonly feeds: readonly string[]
  /** Aborted, what fails is nobody's fault. */
  readonly signal: AbortSignal
  /** The server process that works on it is in there meanwhile, so that it can be cancelled. */
  readonly pids: Set<number>
}

/**
 * Computes the view that has been due longest anew; undefined where none is. Its row is locked meanwhile, so of all processes
 * one does it. Whoever reads sees the old rows until the new ones are there, all at once.
 */
export async function refreshNext(
  store: Store,
  { feeds, signal, pids }: RefreshOptions,
): Promise<Refreshed | undefined> {
  let view: Relation | undefined
  let pid: number | undefined
  try {
    return await store.transaction(async client => {
      view = await takeDue(client, feeds)
      if (view === undefined) return undefined
      pid = (client as { processID?: number }).processID
      if (pid !== undefined) pids.add(pid)
      await refresh(client, view)
      return { ...view, problem: undefined }
    })
  } catch (error) {
    if (signal.aborted) return undefined
    if (view === undefined) throw error
    const problem = problemOf(error)
    await store.query(
      'update groundstation.view set tried_at = clock_timestamp(), problem = $3 where schema = $1 and name = $2',
      [view.schema, view.name, problem],
    )
    return { ...view, problem }
  } finally {
    if (pid !== undefined) pids.delete(pid)
  }
}

/** One that takes long rests as long before its next turn. A clock that was set back doesn't put it off. */
async function takeDue(client: Client, feeds: readonly string[]): Promise<Relation | undefined> {
  const { rows } = await client.query<Relation>(
    `select schema, name from groundstation.view
     where refresh_ms is not null and feed in (select id from groundstation.feed where name = any($1::text[]))
       and (tried_at is null or tried_at > clock_timestamp() or
         tried_at + greatest(refresh_ms, 2 * coalesce(took_ms, 0)) * interval '1 millisecond' <= clock_timestamp())
     order by tried_at nulls first limit 1 for update skip locked`,
    [feeds],
  )
  return rows[0]
}

async function refresh(client: Client, view: Relation): Promise<void> {
  const { rows } = await client.query<{ asOf: string; isFilled: boolean }>(
    'select clock_timestamp()::text as "asOf", (select relispopulated from pg_class where oid = to_regclass($1)) as "isFilled"',
    [qualified(view)],
  )
  const { asOf, isFilled } = rows[0] ?? {}
  await client.query(`set local statement_timeout = ${REFRESH_MS_MAX}`)
  await client.query(`refresh materialized view ${isFilled ? 'concurrently' : ''} ${qualified(view)}`)
  await client.query(
    `update groundstation.view set refreshed_at = $3::timestamptz, tried_at = $3::timestamptz, problem = null,
       took_ms = extract(epoch from clock_timestamp() - $3::timestamptz) * 1000
     where schema = $1 and name = $2`,
    [view.schema, view.name, asOf],
  )
}

/** Ends a refresh that is under way; the old rows stay. */
export async function cancelRefresh(store: Store, pid: number): Promise<void> {
  await store.query('select pg_cancel_backend($1)', [pid])
}

export const toldOf = (view: Refreshed): string => `the view ${nameOf(view)} wasn't refreshed: ${view.problem}`

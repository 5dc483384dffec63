import { nameOf, type Relation } from '../../feed/relation.ts'
import type { CompiledView } from '../../feed/view.ts'
import { qualified } from '../names.ts'
import type { Client } from '../store.ts'

/** A view that some feed has made in this database. */
export type RecordedView = Relation & { readonly feed: string; readonly digest: string; readonly isRefreshed: boolean }

export async function loadRecorded(client: Client): Promise<Map<string, RecordedView>> {
  const { rows } = await client.query<RecordedView>(
    `select v.schema, v.name, v.digest, v.refresh_ms is not null as "isRefreshed", f.name as feed
     from groundstation.view v join groundstation.feed f on f.id = v.feed order by v.made_at desc, v.schema, v.name`,
  )
  return new Map(rows.map(row => [nameOf(row), row]))
}

/** What is in the database under a name. */
export type Found = { readonly kind: 'view' | 'refreshed' | 'other'; readonly isFilled: boolean }

export async function findRelation(client: Client, relation: Relation): Promise<Found | undefined> {
  const { rows } = await client.query<{ kind: string; isFilled: boolean }>(
    'select relkind::text as kind, relispopulated as "isFilled" from pg_class where oid = to_regclass($1)',
    [qualified(relation)],
  )
  const [row] = rows
  if (row === undefined) return undefined
  return { kind: row.kind === 'v' ? 'view' : row.kind === 'm' ? 'refreshed' : 'other', isFilled: row.isFilled }
}

/** `filledAt`: when it was filled as it was made. */
export async function recordView(
  client: Client,
  feed: string,
  view: CompiledView,
  filledAt: string | undefined,
): Promise<void> {
  await client.query(
    `insert into groundstation.view (schema, name, feed, digest, refresh_ms, refreshed_at, made_at)
     values ($1, $2, (select id from groundstation.feed where name = $3), $4, $5, $6, clock_timestamp())
     on conflict (schema, name) do update set feed = excluded.feed, digest = excluded.digest, refresh_ms = excluded.refresh_ms,
       refreshed_at = excluded.refreshed_at, made_at = excluded.made_at, tried_at = null, took_ms = null, problem = null`,
    [view.schema, view.name, feed, view.digest, view.refreshMs ?? null, filledAt ?? null],
  )
}

export async function forgetView(client: Client, { schema, name }: Relation): Promise<void> {
  await client.query('delete from groundstation.view where schema = $1 and name = $2', [schema, name])
}

import type { Query } from '../store.ts'

/** An output by its names: what follows one feed's alerts of one stream, and delivers them to one target. */
export type OutputName = {
  readonly feed: string
  readonly stream: string
  readonly kind: string
  /** What it delivers to, such as a topic. */
  readonly target: string
}

/** An output taken over: who holds the epoch moves it. */
export type ClaimedOutput = {
  readonly epoch: number
  /** Everything up to it was delivered, or is for others. */
  readonly lastId: number
  /** Where that led at the other end, as the output itself wrote it; null before anything was delivered. */
  readonly place: unknown
}

const FEED_ID = '(select id from groundstation.feed where name = $1)'

/** The output's id; made where it is new. */
export async function registerOutput(query: Query, { feed, stream, kind, target }: OutputName): Promise<number> {
  const values = [feed, stream, kind, target]
  const select = `select id from groundstation.output where feed = ${FEED_ID} and stream = $2 and kind = $3 and target = $4`
  const { rows } = await query(select, values)
  if (rows[0] !== undefined) return Number(rows[0].id)
  await query(
    `insert into groundstation.output (feed, stream, kind, target) values (${FEED_ID}, $2, $3, $4) on conflict do nothing`,
    values,
  )
  return Number((await query(select, values)).rows[0]?.id)
}

/** Takes an output that nobody holds, for so long; undefined where somebody does. */
export async function claimOutput(query: Query, id: number, holdMs: number): Promise<ClaimedOutput | undefined> {
  const { rows } = await query(
    `update groundstation.output set epoch = epoch + 1, held_until = clock_timestamp() + $2 * interval '1 millisecond'
     where id = $1 and (held_until is null or held_until < clock_timestamp())
     returning epoch, last_id as "lastId", place`,
    [id, holdMs],
    'claim-output',
  )
  return rows[0] as ClaimedOutput | undefined
}

export type Progress = {
  readonly id: number
  readonly epoch: number
  readonly lastId: number
  readonly place: unknown
  /** Nothing keeps it from delivering any more. */
  readonly isWell: boolean
}

/** Says how far it is, and holds it for so long from now on; false where another has taken it over. */
export async function moveOutput(
  query: Query,
  { id, epoch, lastId, place, isWell }: Progress,
  holdMs: number,
): Promise<boolean> {
  const { rows } = await query(
    `update groundstation.output set held_until = clock_timestamp() + $5 * interval '1 millisecond',
       last_id = greatest(last_id, $3), place = $4,
       problem = case when $6 then null else problem end
     where id = $1 and epoch = $2 returning id`,
    [id, epoch, lastId, JSON.stringify(place), holdMs, isWell],
    'move-output',
  )
  return rows.length > 0
}

/** Lets another have it, and says what kept this one from delivering; false where another has it already. */
export async function releaseOutput(
  query: Query,
  id: number,
  epoch: number,
  problem: string | undefined,
): Promise<boolean> {
  const { rows } = await query(
    'update groundstation.output set held_until = null, problem = $3 where id = $1 and epoch = $2 returning id',
    [id, epoch, problem ?? null],
  )
  return rows.length > 0
}

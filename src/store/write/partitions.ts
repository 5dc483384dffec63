import type { Client, Query } from '../store.ts'

/** A partition of a topic, as a log. */
export type TopicPlace = {
  readonly cluster: string
  readonly topic: string
  /** Given anew to a topic that is made again under its name. */
  readonly topicId: string
  readonly partition: number
}

/** What is known of a partition that was read. */
export type KnownPartition = {
  readonly place: TopicPlace
  readonly nextOffset: number
  readonly epoch: number
  /** When everything that was in the log had been applied, in milliseconds since 1970. */
  readonly watermarkMs: number | undefined
  /** Why nothing of it is read until somebody has said where to go on. */
  readonly blocked: string | undefined
  /** Its topic is no more, and a later one of its name has taken its place; or the feed reads another now. */
  readonly isComplete: boolean
}

/** The name under which the engine knows a partition's log. */
export const logNameOf = ({ cluster, topicId, partition }: TopicPlace): string =>
  `kafka:${cluster}/${topicId}/${partition}`

/**
 * The next epoch of a partition's log: whoever had the one before has lost it. A log that is new begins at `start`. Those of
 * a topic that the feed reads no more are not waited for, nor those of which nothing was ever read.
 */
export async function takePartition(
  query: Query,
  feed: number,
  place: TopicPlace,
  start: number,
): Promise<{ epoch: number; nextOffset: number }> {
  const { rows } = await query(
    `insert into groundstation.source as s (feed, name, next_offset, epoch, place) values ($1, $2, $3, 1, $4)
     on conflict (feed, name) do update set epoch = s.epoch + 1, is_complete = false, updated_at = now()
     returning epoch, next_offset as "nextOffset"`,
    [feed, logNameOf(place), start, JSON.stringify(place)],
  )
  await query(
    `update groundstation.source set is_complete = true where feed = $1 and place is not null and not is_complete
       and (place ->> 'topic' <> $2 or ((place ->> 'topicId', place ->> 'cluster') <> ($3, $4) and next_offset = 0))`,
    [feed, place.topic, place.topicId, place.cluster],
  )
  return (rows as { epoch: number; nextOffset: number }[])[0] ?? { epoch: 0, nextOffset: start }
}

type StoredPartition = Omit<KnownPartition, 'watermarkMs' | 'blocked'> & {
  readonly watermarkMs: number | null
  readonly blocked: string | null
}

export async function loadPartitions(query: Query, feed: number): Promise<KnownPartition[]> {
  const { rows } = await query(
    `select place, next_offset as "nextOffset", epoch, is_complete as "isComplete", blocked, (extract(epoch from watermark) * 1000)::double precision as "watermarkMs"
     from groundstation.source where feed = $1 and place is not null order by place ->> 'topic', (place ->> 'partition')::int, id`,
    [feed],
  )
  return (rows as StoredPartition[]).map(row => ({
    ...row,
    blocked: row.blocked ?? undefined,
    watermarkMs: row.watermarkMs ?? undefined,
  }))
}

/** A log whose records of that moment (`performance.now()`) are all applied, by who holds the epoch. */
export type CaughtUp = {
  readonly name: string
  readonly epoch: number
  /** The records before it are applied, those that no reader gets among them. */
  readonly nextOffset: number
  readonly asOfMs: number
}

/** Moves the watermarks on, of those logs whose epoch is still the caller's; their names. */
export async function moveWatermarks(client: Client, feed: number, logs: readonly CaughtUp[]): Promise<string[]> {
  const nowMs = performance.now()
  // In the order of their names, as batches lock them. `now()` is from before any wait for a lock.
  const { rows } = await client.query<{ name: string }>(
    `with held as materialized (
       select id from groundstation.source where feed = $1 and name = any($2::text[]) order by name for update)
     update groundstation.source s set next_offset = greatest(s.next_offset, l.next_offset),
       watermark = greatest(s.watermark, now() - l.age * interval '1 millisecond')
     from held, unnest($2::text[], $3::bigint[], $4::bigint[], $5::double precision[]) as l (name, epoch, next_offset, age)
     where s.id = held.id and s.name = l.name and s.epoch = l.epoch returning s.name`,
    [
      feed,
      logs.map(log => log.name),
      logs.map(log => log.epoch),
      logs.map(log => log.nextOffset),
      logs.map(log => nowMs - log.asOfMs),
    ],
  )
  return rows.map(({ name }) => name)
}

/**
 * Up to when a feed's partitions are applied, all of them: the database's clock where it reads none. Milliseconds since
 * 1970.
 */
export async function arrivalWatermark(query: Query, feed: number, readsTopics: boolean): Promise<number> {
  const { rows } = await query(
    `select (extract(epoch from least(clock_timestamp(), min(coalesce(watermark, '-infinity')))) * 1000)::double precision as ms
     from groundstation.source where feed = $1 and $2 and place is not null and not is_complete`,
    [feed, readsTopics],
  )
  return Number(rows[0]?.ms)
}

/** Says why nothing of a partition is read until it is moved by hand. */
export async function blockPartition(query: Query, feed: number, place: TopicPlace, problem: string): Promise<void> {
  await query('update groundstation.source set blocked = $3 where feed = $1 and name = $2 and blocked is null', [
    feed,
    logNameOf(place),
    problem,
  ])
}

/** Holds a feed's partitions still: what is moved then is what was looked at. */
export async function holdPartitions(client: Client, feed: number): Promise<void> {
  await client.query(
    'select from groundstation.source where feed = $1 and place is not null order by name for update',
    [feed],
  )
}

/**
 * Sets where partitions are read on from, whatever was read before, and takes them from whoever reads them now. The logs of
 * these partitions in an earlier topic of the same name are done with, as are those that the topic has no more.
 */
export async function movePartitions(
  client: Client,
  feed: number,
  moves: readonly { readonly place: TopicPlace; readonly offset: number }[],
  partitions: number,
): Promise<void> {
  for (const { place, offset } of moves) {
    await client.query(
      `insert into groundstation.source as s (feed, name, next_offset, epoch, place) values ($1, $2, $3, 1, $4)
       on conflict (feed, name) do update set next_offset = excluded.next_offset, epoch = s.epoch + 1, watermark = null,
         blocked = null, is_complete = false, updated_at = now()`,
      [feed, logNameOf(place), offset, JSON.stringify(place)],
    )
    await client.query(
      `update groundstation.source set is_complete = true, epoch = epoch + 1
       where feed = $1 and place ->> 'topic' = $2 and (place ->> 'topicId', place ->> 'cluster') <> ($3, $4)
         and ((place ->> 'partition')::int = $5 or (place ->> 'partition')::int >= $6)`,
      [feed, place.topic, place.topicId, place.cluster, place.partition, partitions],
    )
  }
}

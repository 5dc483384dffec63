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
  /** Its topic is no more, and a later one of its name has taken its place. */
  readonly isComplete: boolean
}

/** The name under which the engine knows a partition's log. */
export const logNameOf = ({ cluster, topicId, partition }: TopicPlace): string =>
  `kafka:${cluster}/${topicId}/${partition}`

/** The next epoch of a partition's log: whoever had the one before has lost it. A log that is new begins at `start`. */
export async function takePartition(
  query: Query,
  feed: number,
  place: TopicPlace,
  start: number,
): Promise<{ epoch: number; nextOffset: number }> {
  const { rows } = await query(
    `insert into groundstation.source as s (feed, name, next_offset, epoch, place) values ($1, $2, $3, 1, $4)
     on conflict (feed, name) do update set epoch = s.epoch + 1, updated_at = now()
     returning epoch, next_offset as "nextOffset"`,
    [feed, logNameOf(place), start, JSON.stringify(place)],
  )
  return (rows as { epoch: number; nextOffset: number }[])[0] ?? { epoch: 0, nextOffset: start }
}

export async function loadPartitions(query: Query, feed: number): Promise<KnownPartition[]> {
  const { rows } = await query(
    `select place, next_offset as "nextOffset", epoch, is_complete as "isComplete", (extract(epoch from watermark) * 1000)::double precision as "watermarkMs"
     from groundstation.source where feed = $1 and place is not null order by place ->> 'topic', (place ->> 'partition')::int, id`,
    [feed],
  )
  return (rows as (Omit<KnownPartition, 'watermarkMs'> & { watermarkMs: number | null })[]).map(row => ({
    ...row,
    watermarkMs: row.watermarkMs ?? undefined,
  }))
}

/** A log whose records of `ageMs` ago are all applied, by who holds the epoch. */
export type CaughtUp = {
  readonly name: string
  readonly epoch: number
  /** The records before it are applied, those that no reader gets among them. */
  readonly nextOffset: number
  readonly ageMs: number
}

/** Moves the watermarks on, of those logs whose epoch is still the caller's; their names. */
export async function moveWatermarks(query: Query, feed: number, logs: readonly CaughtUp[]): Promise<string[]> {
  const { rows } = await query(
    `update groundstation.source s set next_offset = greatest(s.next_offset, l.next_offset),
       watermark = greatest(s.watermark, clock_timestamp() - l.age * interval '1 millisecond')
     from unnest($2::text[], $3::bigint[], $4::bigint[], $5::double precision[]) as l (name, epoch, next_offset, age)
     where s.feed = $1 and s.name = l.name and s.epoch = l.epoch returning s.name`,
    [
      feed,
      logs.map(log => log.name),
      logs.map(log => log.epoch),
      logs.map(log => log.nextOffset),
      logs.map(log => log.ageMs),
    ],
  )
  return (rows as { name: string }[]).map(({ name }) => name)
}

/** Up to when a feed's partitions are applied, all of them: the database's clock where it reads none. Milliseconds since 1970. */
export async function arrivalWatermark(query: Query, feed: number): Promise<number> {
  const { rows } = await query(
    `select (extract(epoch from least(clock_timestamp(), min(coalesce(watermark, '-infinity')))) * 1000)::double precision as ms
     from groundstation.source where feed = $1 and place is not null and not is_complete`,
    [feed],
  )
  return Number(rows[0]?.ms)
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
         is_complete = false, updated_at = now()`,
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

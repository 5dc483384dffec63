/** How far a feed has come with its topic, told by the broker and the database, and by the program itself. */
import { Consumer, ListOffsetTimestamps } from '@platformatic/kafka'
import type { Violation } from '../faults/checker.ts'
import { statement } from '../faults/observed.ts'
import type { Service } from '../faults/service.ts'
import { until } from '../until.ts'
import type { Deployment } from './deployment.ts'
import { clientOptions } from './kafka/client.ts'

export type ToldTopic = {
  readonly partitions: readonly {
    readonly partition: number
    readonly offset: number | null
    readonly end: number | null
    readonly lag: number | null
    readonly behindMs: number | null
  }[]
  readonly rebalances: number | null
  readonly problems: readonly string[]
}

/** What `GET /feeds` says of the feed's topic. */
export async function toldTopic(service: Service, { feed }: Deployment): Promise<ToldTopic> {
  const answer = await fetch(`${service.url}/feeds`)
  const { data } = (await answer.json()) as { data: readonly { name: string; topic: ToldTopic | null }[] }
  const topic = data.find(({ name }) => name === feed)?.topic
  if (topic === null || topic === undefined) throw new Error(`${feed} has no topic`)
  return topic
}

/** Resolves when everything that is in the topic now is applied, as the broker and the database have it. */
export async function untilApplied(deployment: Deployment, msMax?: number): Promise<void> {
  const ends = await endsOf(deployment)
  let open = ''
  const isApplied = async () => {
    const nexts = await nextsOf(deployment)
    open = ends
      .flatMap((end, one) => ((nexts.get(one) ?? 0) < end ? [`${one}: ${nexts.get(one)} of ${end}`] : []))
      .join()
    return open === ''
  }
  await until('all of the topic is applied', isApplied, msMax).catch(error => {
    throw new Error(`${error.message}; open are the partitions ${open}`)
  })
}

/** R: after the faults the lag goes to zero by itself, and a service says so. */
export async function drained(deployment: Deployment, told: Service, msMax?: number): Promise<Violation[]> {
  try {
    await untilApplied(deployment, msMax)
    await until('no lag is told', async () =>
      (await toldTopic(told, deployment)).partitions.every(({ lag, behindMs }) => lag === 0 && behindMs === 0),
    )
    return []
  } catch (error) {
    return [{ promise: 'R', text: error instanceof Error ? error.message : String(error) }]
  }
}

/** Behind the last record of each partition. */
export async function endsOf({ brokers, topic }: Deployment): Promise<number[]> {
  const consumer = new Consumer({ ...clientOptions(brokers), groupId: 'tests-without-a-group' })
  try {
    const ends = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST })
    return (ends.get(topic) ?? []).map(Number)
  } finally {
    await consumer.close()
  }
}

/** The offset from which each partition goes on, by the database. */
async function nextsOf({ databaseUrl, feed, topic }: Deployment): Promise<Map<number, number>> {
  const rows = await statement(
    databaseUrl,
    `select (place ->> 'partition')::int as partition, next_offset::float8 as next from groundstation.source
     where feed = (select id from groundstation.feed where name = '${feed}') and place ->> 'topic' = '${topic}' and not is_complete`,
  )
  return new Map(rows.map(({ partition, next }) => [Number(partition), Number(next)]))
}

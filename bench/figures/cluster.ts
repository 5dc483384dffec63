import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Topics } from '../../src/kafka/topics.ts'
import { startBroker } from '../../test/services/kafka/broker.ts'
import { withAdmin } from '../../test/services/kafka/client.ts'
import type { Bench } from '../bench.ts'
import { PARTITIONS } from '../load/records.ts'
import type { Start } from '../product.ts'

/** A Kafka of our own, in one process: broker and controller, with the settings that it comes with. */
export type Cluster = {
  readonly brokers: string
  readonly pid: number
  makeTopic(): Promise<string>
  dropTopic(topic: string): Promise<void>
  /** Behind each partition's last record. */
  ends(topic: string): Promise<number[]>
}

export async function withCluster<Result>(bench: Bench, work: (cluster: Cluster) => Promise<Result>): Promise<Result> {
  bench.say('starting Kafka')
  const broker = await startBroker()
  const { brokers, pid } = broker
  const topics = new Topics({ brokers: [brokers] })
  try {
    return await work({
      brokers,
      pid,
      makeTopic: async () => {
        const topic = `bench.${randomBytes(6).toString('hex')}`
        await topics.ensure(topic, PARTITIONS, true)
        await untilLed(topics, topic)
        return topic
      },
      dropTopic: topic => withAdmin(brokers, admin => admin.deleteTopics({ topics: [topic] })),
      ends: async topic => (await topics.ends(topic)).map(({ end }) => end),
    })
  } finally {
    await topics.close()
    await broker.stop()
  }
}

/** A topic that was just made is known a moment before its partitions take records. */
async function untilLed(topics: Topics, topic: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const led = await topics.ends(topic).catch(error => {
      if (attempt === 100) throw error
      return []
    })
    if (led.length === PARTITIONS) return
    await delay(50)
  }
}

export const recordsIn = (ends: readonly number[]): number => ends.reduce((sum, end) => sum + end, 0)

/** How the rockets' process of one role is started. */
export const roleOf = (
  role: 'worker' | 'gateway',
  { brokers }: Cluster,
  topic: string,
  feed = 'feeds/rockets.ts',
): Start => ({
  args: [feed, '--roles', role],
  env: { KAFKA_BROKERS: brokers, ROCKETS_TOPIC: topic },
})

import type { Engine, EngineHealth } from '../engine/contract.ts'
import type { FeedTopic } from '../feed/source.ts'
import { TopicProducer } from '../kafka/producer.ts'
import { Topics } from '../kafka/topics.ts'
import type { KafkaSettings } from '../settings/settings.ts'
import { LagReader } from '../sources/kafka/lag.ts'
import { TopicSource } from '../sources/kafka/source.ts'
import { throughTopics } from '../sources/kafka/through-topics.ts'
import type { TopicRoles, TopicRolesOptions } from './topic-roles.ts'

/** What stands between posts and the record where there is a Kafka. A file of its own, as the driver takes longer to load than all the rest. */
export async function openKafkaTopics(options: TopicRolesOptions, kafka: KafkaSettings): Promise<TopicRoles> {
  const read = new Map<string, FeedTopic>()
  for (const feed of options.feeds) {
    const topic = feed.source.topic
    if (topic !== undefined) read.set(feed.name, topic)
  }
  const topics = new Topics(kafka)
  try {
    for (const { name, partitions } of read.values()) await topics.ensure(name, partitions, kafka.createsTopics)
  } catch (error) {
    await topics.close()
    throw error
  }
  return open(options, kafka, topics, read)
}

function open(
  { engine, settings, feeds, roles, log }: TopicRolesOptions,
  kafka: KafkaSettings,
  topics: Topics,
  read: ReadonlyMap<string, FeedTopic>,
): TopicRoles {
  const posted = new Map(
    feeds.flatMap(({ name, source }) => {
      const topic = read.get(name)
      return source.kind === 'http' && topic !== undefined ? [[name, topic.name] as const] : []
    }),
  )
  const producer =
    roles.includes('gateway') && posted.size > 0 ? new TopicProducer(kafka, [...posted.values()]) : undefined
  const sources = new Map<string, TopicSource>()
  if (roles.includes('worker'))
    for (const [feed, { name: topic }] of read) {
      const source = new TopicSource({
        engine,
        feed,
        topic,
        topics,
        connection: kafka,
        eventBytesMax: settings.limits.eventBytesMax,
        log: (level, message) => log[level](message),
        ...(kafka.sessionMs === undefined ? {} : { sessionMs: kafka.sessionMs }),
      })
      source.start()
      sources.set(feed, source)
    }
  const lags = new LagReader({ engine, topics, sources })
  return {
    intake: producer === undefined ? engine : throughTopics(engine, producer, posted),
    health: () => healthOf(engine, producer, sources),
    lag: async feed => {
      const topic = read.get(feed)
      return topic === undefined ? undefined : lags.of(feed, topic.name)
    },
    close: async () => {
      await Promise.all([...sources.values()].map(source => source.stop()))
      await producer?.close()
      await topics.close()
    },
  }
}

function healthOf(
  engine: Engine,
  producer: TopicProducer | undefined,
  sources: ReadonlyMap<string, TopicSource>,
): EngineHealth {
  const health = engine.health()
  const problem = producer?.failure?.message ?? [...sources.values()].flatMap(source => source.health().problems)[0]
  return health.isReady && problem !== undefined ? { isReady: false, reason: problem } : health
}

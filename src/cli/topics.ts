import type { TopicRoles, TopicRolesOptions } from './topic-roles.ts'

/** Without Kafka the engine takes everything itself. Errors: KAFKA_UNREACHABLE, TOPIC_MISSING. */
export async function openTopics(options: TopicRolesOptions): Promise<TopicRoles> {
  const { engine } = options
  const { kafka } = options.settings
  if (kafka === undefined)
    return { intake: engine, health: () => engine.health(), lag: async () => undefined, close: async () => {} }
  const { openKafkaTopics } = await import('./kafka-topics.ts')
  return openKafkaTopics(options, kafka)
}

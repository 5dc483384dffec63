/** Where a feed's events come from, as data. How to connect is a setting, never part of a feed. */
export type HttpSource = {
  readonly kind: 'http'
  readonly path: string
  readonly topic?: string
  readonly partitions?: number
}
export type KafkaSource = {
  readonly kind: 'kafka'
  readonly topic: string
  readonly partitions?: number
  readonly path?: string
}
export type PollSource = { readonly kind: 'poll'; readonly path?: string }
export type FeedSource = HttpSource | KafkaSource | PollSource

/** Events are posted to `path`. With Kafka configured, `topic` stands between the post and the record. A topic that is made
 * gets so many `partitions` (8, unless told otherwise). */
export const http = (options: { path: string; topic?: string; partitions?: number }): HttpSource => ({
  kind: 'http',
  ...options,
})
/** Events are read from `topic`. A `path` takes posts as well. */
export const kafka = (options: { topic: string; partitions?: number; path?: string }): KafkaSource => ({
  kind: 'kafka',
  ...options,
})

/** As many as a new feed has lanes: then a partition's keys are one lane's, and workers don't wait for one another. */
export const PARTITIONS = 8

export type FeedTopic = { readonly name: string; readonly partitions: number }

/** The topic that a feed is read from, where Kafka is configured. */
export function topicOf(source: FeedSource): FeedTopic | undefined {
  if (source.kind === 'poll' || source.topic === undefined) return undefined
  return { name: source.topic, partitions: source.partitions ?? PARTITIONS }
}

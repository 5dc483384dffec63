/** Where a feed's events come from, as data. How to connect is a setting, never part of a feed. */
export type HttpSource = { readonly kind: 'http'; readonly path: string; readonly topic?: string }
export type KafkaSource = { readonly kind: 'kafka'; readonly topic: string; readonly path?: string }
export type PollSource = { readonly kind: 'poll'; readonly path?: string }
export type FeedSource = HttpSource | KafkaSource | PollSource

/** Events are posted to `path`. With Kafka configured, `topic` stands between the post and the record. */
export const http = (options: { path: string; topic?: string }): HttpSource => ({ kind: 'http', ...options })
/** Events are read from `topic`. A `path` takes posts as well. */
export const kafka = (options: { topic: string; path?: string }): KafkaSource => ({ kind: 'kafka', ...options })

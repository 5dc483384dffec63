import { type Environment, type FromEnvironment, textOf } from './env.ts'
import { type CompiledPoll, compilePoll, type PollSource } from './poll.ts'
import type { CompiledSignature, Signature } from './signature.ts'

/** Where a feed's events come from, as data. How to connect is a setting, never part of a feed. */
export type HttpSource = {
  readonly kind: 'http'
  readonly path: string
  readonly topic?: string | FromEnvironment
  readonly partitions?: number
  readonly signature?: Signature
  readonly idempotencyKey?: string
}
export type KafkaSource = {
  readonly kind: 'kafka'
  readonly topic: string | FromEnvironment
  readonly partitions?: number
  readonly path?: string
}
export type DeclaredSource = HttpSource | KafkaSource | PollSource

/** A source whose settings are read. */
export type FeedSource = {
  readonly kind: DeclaredSource['kind']
  /** Where events are posted to, where the feed says so. */
  readonly path: string | undefined
  /** The topic that the feed is read from, where Kafka is configured. */
  readonly topic: FeedTopic | undefined
  /** What each post must carry; with it, the signature is all the access that a post needs. */
  readonly signature: CompiledSignature | undefined
  /** The header that each post must name itself by; undefined: `idempotency-key`, for those that like. */
  readonly idempotencyKey: string | undefined
  /** What is polled; undefined where nothing is, or a setting is missing. */
  readonly poll: CompiledPoll | undefined
  /** The setting without which nothing is polled. */
  readonly unset: string | undefined
}

export type FeedTopic = { readonly name: string; readonly partitions: number }

/** As many as a new feed has lanes: then a partition's keys are one lane's, and workers don't wait for one another. */
const PARTITIONS = 8

export function sourceOf(
  source: DeclaredSource,
  environment: Environment,
  signature: CompiledSignature | undefined,
): FeedSource {
  const { kind } = source
  const idempotencyKey = source.kind === 'http' ? source.idempotencyKey : undefined
  const none = { kind, path: undefined, topic: undefined, signature, idempotencyKey, poll: undefined, unset: undefined }
  if (source.kind === 'poll') return { ...none, ...compilePoll(source, environment) }
  const { path, topic, partitions = PARTITIONS } = source
  if (topic === undefined) return { ...none, path }
  return { ...none, path, topic: { name: textOf(topic, environment), partitions } }
}

/** Events are posted to `path`. With Kafka configured, `topic` stands between the post and the record. A topic that is made
 * gets so many `partitions` (8, unless told otherwise). With a `signature` each post must be signed; `idempotencyKey` is the
 * header that a sender gives each delivery's own name in, such as `X-GitHub-Delivery`. */
export const http = (options: Omit<HttpSource, 'kind'>): HttpSource => ({ kind: 'http', ...options })
/** Events are read from `topic`. A `path` takes posts as well. */
export const kafka = (options: {
  topic: string | FromEnvironment
  partitions?: number
  path?: string
}): KafkaSource => ({
  kind: 'kafka',
  ...options,
})

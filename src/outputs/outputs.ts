import type { CompiledFeed } from '../feed/compile.ts'
import type { KafkaConnection } from '../kafka/connection.ts'
import { Topics } from '../kafka/topics.ts'
import { listForTopic, listWaiting } from '../store/read/outputs.ts'
import type { Query } from '../store/store.ts'
import type { OutputName, OutputPlan } from './contract.ts'
import { KafkaTarget } from './kafka/target.ts'
import { Output } from './output.ts'

export type OutputsOptions = {
  readonly query: Query
  readonly feeds: readonly CompiledFeed[]
  readonly kafka: KafkaConnection & { readonly createsTopics: boolean }
  readonly holdMs?: number
  readonly log: (level: 'info' | 'warn', message: string) => void
}

const HOLD_MS = 10_000
/** How often what is still waiting for a topic that no rule names any more is looked for. */
const LEFT_MS = 30_000
const KIND = 'kafka'

/** The outputs that this process may run: those that the feeds declare, and what is left of those that they did. */
export class Outputs {
  readonly #options: OutputsOptions
  readonly #topics: Topics
  readonly #outputs = new Map<string, Output>()
  readonly #streams = new Map<string, Output[]>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #isStopped = false

  constructor(options: OutputsOptions) {
    this.#options = options
    this.#topics = new Topics(options.kafka)
  }

  start(): void {
    for (const name of this.#options.feeds.flatMap(declaredOutputs)) this.#run(name)
    this.#timer = setInterval(() => this.#look(), LEFT_MS).unref()
    this.#look()
  }

  /** A stream has grown; with an empty text, each may have. */
  wake(stream: string): void {
    for (const [path, outputs] of this.#streams)
      if (stream === '' || stream === path) for (const output of outputs) output.wake()
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    await this.#looking
    await Promise.all([...this.#outputs.values()].map(output => output.stop()))
    await this.#topics.close()
  }

  #run(name: OutputName): void {
    const id = JSON.stringify(name)
    if (this.#isStopped || this.#outputs.has(id)) return
    const { query, holdMs = HOLD_MS, log } = this.#options
    const output = new Output({ query, plan: this.#planOf(name), holdMs, log })
    this.#outputs.set(id, output)
    this.#streams.set(name.stream, [...(this.#streams.get(name.stream) ?? []), output])
    output.start()
  }

  #planOf(name: OutputName): OutputPlan {
    const { query, kafka, log } = this.#options
    const { feed, stream, target: topic } = name
    const { createsTopics } = kafka
    return {
      name,
      open: () => new KafkaTarget({ connection: kafka, topics: this.#topics, createsTopics, name, log }),
      read: (after, limits) => listForTopic(query, { feed, stream, topic }, after, limits),
    }
  }

  /** The next look finds it, where the database can't be asked. */
  #look(): void {
    this.#looking ??= this.#runLeft()
      .catch(() => undefined)
      .finally(() => {
        this.#looking = undefined
      })
  }

  async #runLeft(): Promise<void> {
    for (const { name: feed } of this.#options.feeds)
      for (const { stream, target } of await listWaiting(this.#options.query, feed, KIND))
        this.#run({ feed, stream, kind: KIND, target })
  }
}

function declaredOutputs({ name: feed, alerts }: CompiledFeed): OutputName[] {
  return alerts.flatMap(({ stream, topic }) =>
    topic === undefined ? [] : [{ feed, stream, kind: KIND, target: topic }],
  )
}

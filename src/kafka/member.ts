/**
 * A member of a consumer group: which partitions are this process's to read. What it is told is a hint, and may be out of
 * date by the time it is told: the fence is elsewhere, in the offsets' epochs.
 *
 *   joining ──join──▶ joined ──rebalance: the driver joins again by itself──▶ joined
 *      ▲                │
 *      └──after a wait──┴── the driver gave up: the client is made anew
 */
import { Consumer } from '@platformatic/kafka'
import { clientOptions, type KafkaConnection } from './connection.ts'
import { kafkaFailure } from './failure.ts'

export type MemberOptions = {
  readonly connection: KafkaConnection
  readonly group: string
  readonly topic: string
  readonly onAssigned: (partitions: readonly number[]) => void
  readonly log: (level: 'info' | 'warn', message: string) => void
  /** Without a heartbeat for so long the others go on without it. */
  readonly sessionMs?: number
}

const SESSION_MS = 10_000
const REJOIN_MS = 1_000
const CLOSE_MS_MAX = 3_000

export class Member {
  readonly #options: MemberOptions
  #consumer: Consumer | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  #isCommitting = false
  /** Of all that wanted to join, the last does. */
  #joins = 0
  #said: string | undefined
  rebalances = 0

  constructor(options: MemberOptions) {
    this.#options = options
  }

  /** Joins, or joins anew: what the topic has now is shared out by who sees it. */
  join(): void {
    this.#joinAfter(0)
  }

  /** For the tools that show a group's lag; nothing here depends on it, so that a failure is nobody's. */
  commit(offsets: ReadonlyMap<number, number>): void {
    const consumer = this.#consumer
    if (consumer?.isActive() !== true || offsets.size === 0 || this.#isCommitting) return
    const { topic } = this.#options
    const entries = [...offsets].map(([partition, offset]) => ({
      topic,
      partition,
      offset: BigInt(offset),
      leaderEpoch: -1,
    }))
    this.#isCommitting = true
    void consumer
      .commit({ offsets: entries })
      .catch(() => undefined)
      .finally(() => {
        this.#isCommitting = false
      })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#leave()
  }

  async #join(): Promise<void> {
    if (this.#isStopped) return
    const { connection, group, topic, sessionMs = SESSION_MS } = this.#options
    const consumer = new Consumer({
      ...clientOptions(connection, 'groundstation'),
      groupId: group,
      autocommit: false,
      sessionTimeout: sessionMs,
      rebalanceTimeout: Math.max(sessionMs, 10_000),
      heartbeatInterval: Math.min(3_000, sessionMs / 3),
    })
    this.#consumer = consumer
    consumer.on('consumer:group:join', ({ assignments }) => {
      if (this.#consumer !== consumer) return
      this.rebalances++
      this.#said = undefined
      this.#options.onAssigned(assignments?.find(one => one.topic === topic)?.partitions ?? [])
    })
    consumer.on('error', (error: Error) => this.#again(consumer, error))
    consumer.on('consumer:heartbeat:stalled', ({ lastError }) => this.#again(consumer, lastError))
    consumer.topics.track(topic)
    try {
      await consumer.joinGroup({})
    } catch (error) {
      this.#again(consumer, error)
    }
  }

  #again(consumer: Consumer, error: unknown): void {
    if (this.#isStopped || this.#consumer !== consumer) return
    const message = `the group ${this.#options.group} is joined again: ${kafkaFailure(error).message}`
    if (message !== this.#said) this.#options.log('warn', message)
    this.#said = message
    this.#joinAfter(REJOIN_MS)
  }

  #joinAfter(ms: number): void {
    const join = ++this.#joins
    clearTimeout(this.#timer)
    void this.#leave().then(() => {
      if (this.#isStopped || join !== this.#joins) return
      this.#timer = setTimeout(() => this.#join(), ms)
    })
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer
    this.#consumer = undefined
    if (consumer === undefined) return
    // A broker that is gone can't be told goodbye.
    const tooLong = new Promise(resolve => setTimeout(resolve, CLOSE_MS_MAX).unref())
    await Promise.race([consumer.close(true).catch(() => undefined), tooLong])
  }
}

/**
 * Reads a feed's topic as a member of the consumer group `groundstation.<feed>`. Which partitions are this process's is
 * the group's to say; from where each is read, and that nobody else writes it, is the database's.
 *
 *   assigned ──the log is taken over──▶ read
 *      │  ▲                               │
 *      │  └── lost to another, tried again ┘
 *      └── no way to go on: blocked, said, looked at again until somebody has said what to do
 */
import type { Engine, PartitionLogs, TopicPlace } from '../../engine/contract.ts'
import { messageOf } from '../../errors.ts'
import type { KafkaConnection } from '../../kafka/connection.ts'
import { type Fetched, Fetcher } from '../../kafka/fetcher.ts'
import { Member } from '../../kafka/member.ts'
import type { TopicState, Topics } from '../../kafka/topics.ts'
import { entryOf } from './entry.ts'
import { Partition } from './partition.ts'

export type TopicSourceOptions = {
  readonly engine: Engine & PartitionLogs
  readonly feed: string
  readonly topic: string
  readonly connection: KafkaConnection
  readonly topics: Topics
  readonly eventBytesMax: number
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void
  readonly sessionMs?: number
}

export type TopicSourceHealth = {
  /** What keeps it from reading, each with what to do. */
  readonly problems: readonly string[]
  readonly rebalances: number
}

export const groupOf = (feed: string): string => `groundstation.${feed}`

const TURN_MS = 1_000

export class TopicSource {
  readonly #options: TopicSourceOptions
  readonly #member: Member
  #state: TopicState | undefined
  #fetcher: Fetcher | undefined
  #assigned: readonly number[] = []
  readonly #partitions = new Map<number, Partition>()
  readonly #blocked = new Map<number, string>()
  #brokerProblem: string | undefined
  #engineProblem: string | undefined
  #timer: NodeJS.Timeout | undefined
  #turning: Promise<void> | undefined
  #isStopped = false
  #isDue = false
  #turns = 0

  constructor(options: TopicSourceOptions) {
    this.#options = options
    const { connection, topic, feed, sessionMs } = options
    this.#member = new Member({
      connection,
      topic,
      group: groupOf(feed),
      log: options.log,
      ...(sessionMs === undefined ? {} : { sessionMs }),
      onAssigned: partitions => {
        this.#assigned = partitions
        options.log(
          'info',
          `${topic}: partitions ${partitions.length === 0 ? 'none' : partitions.join(', ')} are read here`,
        )
        this.#turn()
      },
    })
  }

  start(): void {
    this.#member.start()
    this.#timer = setInterval(() => this.#turn(), TURN_MS)
  }

  /** Finishes what is under way; whoever takes the partitions over goes on behind it. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    await this.#turning
    await this.#fetcher?.stop()
    await Promise.all([...this.#partitions.values()].map(partition => partition.stop()))
    await this.#member.stop()
  }

  health(): TopicSourceHealth {
    const problems = [this.#brokerProblem, this.#engineProblem, ...this.#blocked.values()]
    return { problems: problems.filter(one => one !== undefined), rebalances: this.#member.rebalances }
  }

  /** One at a time: what changes meanwhile is seen to in the next. */
  #turn(): void {
    if (this.#isStopped) return
    this.#isDue = true
    this.#turning ??= this.#turnWhileDue().finally(() => {
      this.#turning = undefined
    })
  }

  async #turnWhileDue(): Promise<void> {
    while (this.#isDue && !this.#isStopped) {
      this.#isDue = false
      await this.#turnOnce().catch(error => this.#say(messageOf(error)))
    }
  }

  async #turnOnce(): Promise<void> {
    this.#turns++
    await this.#leaveOthers()
    const isNew = this.#assigned.some(partition => !this.#partitions.has(partition))
    // A partition that was added is seen by asking; now and then is enough.
    if (isNew || this.#state === undefined || this.#turns % 5 === 0) await this.#lookAtTopic()
    if (isNew) await this.#enterNew()
    await this.#moveWatermarks()
    this.#fetcher?.wake()
  }

  /** What is not assigned any more, and what was lost, which is tried again where it still is. */
  async #leaveOthers(): Promise<void> {
    for (const [number, partition] of this.#partitions) {
      if (this.#assigned.includes(number) && !partition.isLost) continue
      await partition.stop()
      this.#partitions.delete(number)
    }
    for (const number of this.#blocked.keys()) if (!this.#assigned.includes(number)) this.#blocked.delete(number)
  }

  async #lookAtTopic(): Promise<void> {
    const { topics, topic } = this.#options
    const found = await topics.describe(topic)
    this.#say(undefined)
    if (found === undefined) return this.#say(`the topic ${topic} isn't there any more`)
    const known = this.#state
    this.#state = found
    if (known?.topicId !== found.topicId) await this.#readFrom(found)
    else if (known.partitions < found.partitions) {
      this.#options.log('info', `${topic} has ${found.partitions} partitions now, and had ${known.partitions}`)
      this.#member.rejoin()
    }
  }

  /** Another topic under the name, or the first: nothing that was read of one goes on with the other. */
  async #readFrom({ topicId }: TopicState): Promise<void> {
    await this.#fetcher?.stop()
    for (const partition of this.#partitions.values()) await partition.stop()
    this.#partitions.clear()
    const { connection, topic } = this.#options
    this.#fetcher = new Fetcher({
      connection,
      topic,
      topicId,
      wanted: () =>
        [...this.#partitions.values()].flatMap(({ partition, wants }) =>
          wants === undefined ? [] : [{ partition, offset: wants }],
        ),
      onFetched: (fetched, askedMs) => this.#take(fetched, askedMs),
      onOutOfRange: number => void this.#partitions.get(number)?.stop(),
      onGone: () => {
        this.#say(`the topic ${topic} isn't there any more, or was made again`)
        this.#state = undefined
      },
      onFailure: error => this.#say(error?.message),
    })
  }

  #take(fetched: readonly Fetched[], askedMs: number): void {
    for (const one of fetched) this.#partitions.get(one.partition)?.take(one, askedMs)
  }

  async #enterNew(): Promise<void> {
    const { engine, feed, topics, topic, log } = this.#options
    const state = this.#state
    if (state === undefined) return
    const [known, ends] = await Promise.all([engine.partitions(feed), topics.ends(topic)])
    for (const number of this.#assigned) {
      const here = ends[number]
      if (this.#partitions.has(number) || here === undefined) continue
      const place = { cluster: state.cluster, topic, topicId: state.topicId, partition: number }
      const entry = entryOf(feed, place, known, here)
      if ('problem' in entry) {
        if (this.#blocked.get(number) !== entry.problem) log('error', entry.problem)
        this.#blocked.set(number, entry.problem)
        continue
      }
      this.#blocked.delete(number)
      if (entry.note !== undefined) log('warn', entry.note)
      const { epoch, nextOffset } = await engine.takeOver(feed, place, entry.start)
      this.#partitions.set(number, this.#partitionOf(place, epoch, nextOffset))
    }
  }

  #partitionOf(place: TopicPlace, epoch: number, nextOffset: number): Partition {
    const { engine, feed, eventBytesMax } = this.#options
    return new Partition({
      engine,
      feed,
      place,
      epoch,
      nextOffset,
      eventBytesMax,
      onChange: () => this.#fetcher?.wake(),
      onFailure: error => {
        if (error !== undefined && this.#engineProblem === undefined) this.#options.log('warn', error.message)
        this.#engineProblem = error?.message
      },
    })
  }

  /** Tells the engine what is read to its end, and the group, for the tools that look there. */
  async #moveWatermarks(): Promise<void> {
    const { engine, feed } = this.#options
    const read = [...this.#partitions.values()].filter(partition => !partition.isLost)
    const nowMs = performance.now()
    const current = read.flatMap(({ log, epoch, applied, caughtUpMs }) =>
      caughtUpMs === undefined ? [] : [{ name: log, epoch, nextOffset: applied, ageMs: nowMs - caughtUpMs }],
    )
    if (current.length > 0) {
      const kept = await engine.caughtUp(feed, current)
      // One that was moved by hand, or taken over, while nothing came.
      for (const one of current) if (!kept.includes(one.name)) await this.#partitionNamed(one.name)?.stop()
    }
    await this.#member.commit(new Map(read.map(({ partition, applied }) => [partition, applied])))
  }

  #partitionNamed(name: string): Partition | undefined {
    return [...this.#partitions.values()].find(({ log }) => log === name)
  }

  #say(problem: string | undefined): void {
    if (problem !== undefined && problem !== this.#brokerProblem) this.#options.log('warn', problem)
    this.#brokerProblem = problem
  }
}

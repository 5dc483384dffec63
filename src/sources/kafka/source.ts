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
import { Fetcher, type Wanted } from '../../kafka/fetcher.ts'
import { Member } from '../../kafka/member.ts'
import type { TopicState, Topics } from '../../kafka/topics.ts'
import { entryOf, goneOf, outOfRangeOf, type Start } from './entry.ts'
import { Partition, type PartitionOptions } from './partition.ts'
import { Problems } from './problems.ts'

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
/** A partition that was added is seen by asking; now and then is enough. */
const LOOK_TURNS = 5

export class TopicSource {
  readonly #options: TopicSourceOptions
  readonly #member: Member
  readonly #problems: Problems
  #state: TopicState | undefined
  /** The topic as it was when the group was last joined: one that has changed since is shared out anew. */
  #joined: TopicState | undefined
  #fetcher: Fetcher | undefined
  #assigned: readonly number[] = []
  readonly #partitions = new Map<number, Partition>()
  readonly #entering = new Map<number, Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #turning: Promise<void> | undefined
  #isStopped = false
  #isDue = false
  #turns = 0

  constructor(options: TopicSourceOptions) {
    this.#options = options
    const { connection, topic, feed, log, sessionMs } = options
    this.#problems = new Problems(log)
    this.#member = new Member({
      connection,
      topic,
      group: groupOf(feed),
      log,
      ...(sessionMs === undefined ? {} : { sessionMs }),
      onAssigned: partitions => {
        this.#assigned = partitions
        log('info', `${topic}: partitions ${partitions.length === 0 ? 'none' : partitions.join(', ')} are read here`)
        this.#turn()
      },
    })
  }

  start(): void {
    this.#timer = setInterval(() => this.#turn(), TURN_MS)
    this.#turn()
  }

  /** Finishes what is under way; whoever takes the partitions over goes on behind it. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    await this.#turning
    await Promise.all(this.#entering.values())
    await this.#fetcher?.stop()
    await Promise.all([...this.#partitions.values()].map(partition => partition.stop()))
    await this.#member.stop()
  }

  health(): TopicSourceHealth {
    return { problems: this.#problems.all, rebalances: this.#member.rebalances }
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
      try {
        await this.#turnOnce()
        this.#problems.set('turn', undefined)
      } catch (error) {
        this.#problems.set('turn', messageOf(error))
      }
    }
  }

  async #turnOnce(): Promise<void> {
    this.#leaveOthers()
    const isDue = this.#state === undefined || this.#missing.length > 0 || this.#turns % LOOK_TURNS === 0
    this.#turns++
    const isThere = isDue && (await this.#lookAtTopic())
    if (this.#missing.length > 0) await this.#enterMissing()
    // Not before it is known what of the new one can be read.
    if (isThere) this.#problems.set('topic', undefined)
    await this.#moveWatermarks()
    this.#fetcher?.wake()
  }

  /** What is assigned, and neither read nor on the way to be. */
  get #missing(): readonly number[] {
    return this.#assigned.filter(number => !this.#partitions.has(number) && !this.#entering.has(number))
  }

  /** What is not assigned any more, and what was lost, which is tried again where it still is. */
  #leaveOthers(): void {
    for (const [number, partition] of this.#partitions)
      if (!this.#assigned.includes(number) || partition.isLost) this.#leave(number)
    for (const part of this.#problems.parts)
      if (typeof part === 'number' && !this.#assigned.includes(part)) this.#problems.set(part, undefined)
  }

  /** Not waited for: what it has under way is fenced once another has taken over. */
  #leave(number: number): void {
    void this.#partitions.get(number)?.stop()
    this.#partitions.delete(number)
    this.#problems.set(number, undefined)
  }

  /** The offset that it was read up to isn't there: nobody knows what is missing, whatever the topic's end says later. */
  async #leaveLost({ partition, offset, epoch }: Wanted): Promise<void> {
    const { engine, feed } = this.#options
    const known = this.#partitions.get(partition)
    if (known === undefined || known.epoch !== epoch) return
    await engine.block(feed, known.place, outOfRangeOf(feed, known.place, offset)).catch(() => undefined)
    this.#leave(partition)
    this.#turn()
  }

  /** Whether it is there. */
  async #lookAtTopic(): Promise<boolean> {
    const { topics, topic, log } = this.#options
    const found = await topics.describe(topic).catch((error: unknown) => {
      this.#problems.set('topic', messageOf(error))
      throw error
    })
    const known = this.#state
    this.#state = found
    if (known?.topicId !== found?.topicId) await this.#readFrom(found)
    if (found === undefined) {
      this.#problems.set('topic', goneOf(topic))
      return false
    }
    const joined = this.#joined
    if (joined?.topicId !== found.topicId || joined.partitions !== found.partitions) {
      if (joined !== undefined)
        log('info', `${topic} has ${found.partitions} partitions now, and had ${joined.partitions}`)
      this.#joined = found
      this.#member.join()
    }
    return true
  }

  /** Another topic under the name, or the first: nothing that was read of one goes on with the other. */
  async #readFrom(state: TopicState | undefined): Promise<void> {
    for (const number of this.#partitions.keys()) this.#leave(number)
    await this.#fetcher?.stop()
    this.#problems.set('fetch', undefined)
    const { connection, topic } = this.#options
    this.#fetcher =
      state &&
      new Fetcher({
        connection,
        topic,
        topicId: state.topicId,
        wanted: () => [...this.#partitions.values()].flatMap(({ wants }) => wants ?? []),
        onFetched: (fetched, askedMs) => {
          for (const one of fetched) this.#partitions.get(one.partition)?.take(one, askedMs)
        },
        onOutOfRange: wanted => void this.#leaveLost(wanted),
        onGone: () => {
          this.#problems.set('topic', goneOf(topic))
          this.#state = undefined
          this.#turn()
        },
        onFailure: error => this.#problems.set('fetch', error?.message),
      })
  }

  async #enterMissing(): Promise<void> {
    const { engine, feed, topics, topic } = this.#options
    const state = this.#state
    if (state === undefined) return
    // In this order: whoever still applies moves the logs on meanwhile, never beyond the ends.
    const known = await engine.partitions(feed)
    const askedMs = performance.now()
    const ends = await topics.ends(topic)
    for (const number of this.#missing) {
      const here = ends[number]
      if (here === undefined) continue
      const place = { cluster: state.cluster, topic, topicId: state.topicId, partition: number }
      const entry = entryOf(feed, place, known, here)
      if ('problem' in entry) {
        this.#problems.set(number, entry.problem, 'error')
        // What is lost stays so, also when the topic has grown past it meanwhile.
        if (entry.isLost === true) await engine.block(feed, place, entry.problem)
      } else this.#entering.set(number, this.#enter(place, entry, { offset: here.end, askedMs }))
    }
  }

  /** A log that another's batch still holds is waited for beside the others. */
  async #enter(place: TopicPlace, { start, note }: Start, end: PartitionOptions['end']): Promise<void> {
    const { engine, feed, log } = this.#options
    const number = place.partition
    try {
      const { epoch, nextOffset } = await engine.takeOver(feed, place, start)
      if (note !== undefined) log('warn', note)
      if (this.#isStopped || this.#state?.topicId !== place.topicId) return
      this.#problems.set(number, undefined)
      this.#partitions.set(number, this.#partitionOf(place, { epoch, nextOffset, end }))
      this.#fetcher?.wake()
    } catch (error) {
      this.#problems.set(number, messageOf(error))
    } finally {
      this.#entering.delete(number)
    }
  }

  #partitionOf(place: TopicPlace, from: Pick<PartitionOptions, 'epoch' | 'nextOffset' | 'end'>): Partition {
    const { engine, feed, eventBytesMax } = this.#options
    return new Partition({
      engine,
      feed,
      place,
      ...from,
      eventBytesMax,
      onChange: () => this.#fetcher?.wake(),
      onFailure: error => this.#problems.set(place.partition, error?.message),
    })
  }

  /** Tells the engine what is read to its end, and the group, for the tools that look there. */
  async #moveWatermarks(): Promise<void> {
    const { engine, feed } = this.#options
    const read = [...this.#partitions.values()].filter(partition => !partition.isLost)
    this.#member.commit(new Map(read.map(({ partition, applied }) => [partition, applied])))
    const current = read.flatMap(({ partition, log, epoch, applied, caughtUpMs }) =>
      caughtUpMs === undefined ? [] : [{ partition, name: log, epoch, nextOffset: applied, asOfMs: caughtUpMs }],
    )
    if (current.length === 0) return
    const kept = new Set(await engine.caughtUp(feed, current))
    // One that was moved by hand, or taken over, while nothing came.
    for (const { name, partition } of current) if (!kept.has(name)) this.#leave(partition)
  }
}

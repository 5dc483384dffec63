import type { KnownPartition, PartitionLogs } from '../../engine/contract.ts'
import { messageOf } from '../../errors.ts'
import type { Ends, TopicState, Topics } from '../../kafka/topics.ts'
import { entryOf, goneOf } from './entry.ts'
import type { TopicSource } from './source.ts'

export type PartitionLag = {
  readonly partition: number
  /** Everything before it is on the record; null where nothing was read yet. */
  readonly offset: number | null
  /** Behind the partition's last record; null while the brokers can't be asked. */
  readonly end: number | null
  readonly lag: number | null
  /** How old the oldest record that isn't applied may be, at most; 0 where all is. Null: never read to the end. */
  readonly behindMs: number | null
}

export type FeedLag = {
  readonly topic: string
  readonly partitions: readonly PartitionLag[]
  /** Rebalances that this process's member of the group took part in; null where it reads nothing here. */
  readonly rebalances: number | null
  /** What keeps the topic from being read, each with what to do. */
  readonly problems: readonly string[]
}

export type LagReaderOptions = {
  readonly engine: PartitionLogs
  readonly topics: Topics
  readonly sources: ReadonlyMap<string, TopicSource>
}

const KEPT_MS = 1_000

/** What is behind, asked of the brokers and the database, whoever reads the topic; at most once a second. */
export class LagReader {
  readonly #options: LagReaderOptions
  readonly #kept = new Map<string, { readonly atMs: number; readonly lag: Promise<FeedLag> }>()

  constructor(options: LagReaderOptions) {
    this.#options = options
  }

  of(feed: string, topic: string): Promise<FeedLag> {
    const kept = this.#kept.get(feed)
    const nowMs = performance.now()
    if (kept !== undefined && nowMs - kept.atMs < KEPT_MS) return kept.lag
    const lag = this.#ask(feed, topic)
    this.#kept.set(feed, { atMs: nowMs, lag })
    return lag
  }

  async #ask(feed: string, topic: string): Promise<FeedLag> {
    const { engine, sources } = this.#options
    const source = sources.get(feed)?.health()
    // In this order: whoever applies moves the logs on meanwhile, never beyond the ends.
    const known = (await engine.partitions(feed)).filter(({ place }) => place.topic === topic)
    const { state, ends, problem } = await this.#askBrokers(topic)
    const current = known.filter(({ place, isComplete }) =>
      state === undefined ? !isComplete : place.topicId === state.topicId,
    )
    const count = Math.max(ends.length, ...current.map(({ place }) => place.partition + 1))
    const partitions = Array.from({ length: count }, (_, partition) =>
      lagOf(
        partition,
        current.findLast(({ place }) => place.partition === partition),
        ends[partition],
      ),
    )
    const problems = [...(source?.problems ?? []), ...problem, ...blockedOf(feed, topic, known, state, ends)]
    return { topic, partitions, rebalances: source?.rebalances ?? null, problems: [...new Set(problems)] }
  }

  async #askBrokers(topic: string): Promise<Asked> {
    const { topics } = this.#options
    try {
      const state = await topics.describe(topic)
      if (state === undefined) return { state, ends: [], problem: [goneOf(topic)] }
      return { state, ends: await topics.ends(topic), problem: [] }
    } catch (error) {
      return { state: undefined, ends: [], problem: [messageOf(error)] }
    }
  }
}

type Asked = {
  readonly state: TopicState | undefined
  readonly ends: readonly Ends[]
  readonly problem: readonly string[]
}

/** What stands still until somebody says what to do, also where another process is the one to read it. */
function blockedOf(
  feed: string,
  topic: string,
  known: readonly KnownPartition[],
  state: TopicState | undefined,
  ends: readonly Ends[],
): string[] {
  if (state === undefined) return []
  const { cluster, topicId } = state
  return ends.flatMap((here, partition) => {
    const entry = entryOf(feed, { cluster, topic, topicId, partition }, known, here)
    return 'problem' in entry ? [entry.problem] : []
  })
}

function lagOf(partition: number, known: KnownPartition | undefined, ends: Ends | undefined): PartitionLag {
  const offset = known?.nextOffset ?? null
  const end = ends?.end ?? null
  const lag = ends === undefined ? null : Math.max(0, ends.end - Math.max(offset ?? ends.first, ends.first))
  const { watermarkMs } = known ?? {}
  const behindMs = lag === 0 ? 0 : watermarkMs === undefined ? null : Math.max(0, Date.now() - watermarkMs)
  return { partition, offset, end, lag, behindMs }
}

import type { PartitionLogs } from '../../engine/contract.ts'
import { messageOf } from '../../errors.ts'
import type { Ends, Topics } from '../../kafka/topics.ts'
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
  /** What keeps this process from reading, each with what to do. */
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
    const { engine, topics, sources } = this.#options
    const source = sources.get(feed)?.health()
    const problems = [...(source?.problems ?? [])]
    const known = (await engine.partitions(feed)).filter(
      ({ place, isComplete }) => place.topic === topic && !isComplete,
    )
    const ends = await topics.ends(topic).catch((error: unknown): Ends[] => {
      problems.push(messageOf(error))
      return []
    })
    const count = Math.max(ends.length, ...known.map(({ place }) => place.partition + 1))
    const partitions = Array.from({ length: count }, (_, partition) =>
      lagOf(
        partition,
        known.findLast(({ place }) => place.partition === partition),
        ends[partition],
      ),
    )
    return { topic, partitions, rebalances: source?.rebalances ?? null, problems: [...new Set(problems)] }
  }
}

type Known = Awaited<ReturnType<PartitionLogs['partitions']>>[number]

function lagOf(partition: number, known: Known | undefined, ends: Ends | undefined): PartitionLag {
  const offset = known?.nextOffset ?? null
  const end = ends?.end ?? null
  const lag = ends === undefined ? null : Math.max(0, ends.end - (known?.nextOffset ?? ends.first))
  const { watermarkMs } = known ?? {}
  const behindMs = lag === 0 ? 0 : watermarkMs === undefined ? null : Math.max(0, Date.now() - watermarkMs)
  return { partition, offset, end, lag, behindMs }
}

import type { Ends, TopicState } from '../../kafka/topics.ts'

/** Up to where a topic is known: behind the last record of each partition that was seen or delivered. */
export type TopicOffsets = { readonly cluster: string; readonly topicId: string; readonly offsets: readonly number[] }

/** Where to begin to look for what was delivered since, or `end`: nothing of it can be there. */
export type Start = {
  readonly of: (partition: number, ends: Ends) => number
  /** What somebody should know. */
  readonly note?: string
}

/**
 * What was in a topic before the output was made isn't the output's. In one that was made again only what follows the last
 * acknowledged alert is delivered, and it is looked through from its beginning: a last delivery may have gone there. What has
 * expired is no more, so that nothing of it is there twice. Pure.
 */
export function startOf(topic: string, place: TopicOffsets | null, now: TopicState, lastId: number): Start {
  if (place === null) return { of: (_, { end }) => end }
  if (place.topicId !== now.topicId || place.cluster !== now.cluster)
    return {
      of: (_, { first }) => first,
      note: `${topic} was deleted and made again: it gets what follows ${lastId}, and nothing from before`,
    }
  return { of: (partition, { first }) => Math.max(first, place.offsets[partition] ?? 0) }
}

/** Those that were moved replace those that were known. */
export function movedBy(place: TopicOffsets, moved: ReadonlyMap<number, number>): TopicOffsets {
  const count = Math.max(place.offsets.length, ...[...moved.keys()].map(partition => partition + 1))
  const offsets = Array.from({ length: count }, (_, partition) => moved.get(partition) ?? place.offsets[partition] ?? 0)
  return { ...place, offsets }
}

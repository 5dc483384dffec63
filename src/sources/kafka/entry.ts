import type { KnownPartition, TopicPlace } from '../../engine/contract.ts'
import { logNameOf } from '../../engine/contract.ts'
import type { Ends } from '../../kafka/topics.ts'

/** Where a partition is read from, or why it isn't, with the words that get it going again. */
export type Start = { readonly start: number; readonly note?: string }
/** `isLost`: records between are gone, which stays so whatever comes after them. */
export type Entry = Start | { readonly problem: string; readonly isLost?: boolean }

export const goneOf = (topic: string): string => `the topic ${topic} isn't there any more`

/**
 * How to begin with a partition. Only what is certain is read on from: where records were lost between, or the topic is
 * another than the one that was read, somebody has to say what is to become of it. Pure.
 */
export function entryOf(feed: string, place: TopicPlace, known: readonly KnownPartition[], ends: Ends): Entry {
  const { topic, partition } = place
  const where = `${topic}, partition ${partition}`
  const remedy = (to: string) => `groundstation offsets ${feed} --partition ${partition} --to ${to}`
  const mine = known.find(one => logNameOf(one.place) === logNameOf(place))
  if (mine?.blocked !== undefined) return { problem: mine.blocked }
  if (mine === undefined) {
    const others = known.filter(
      one => one.place.topic === topic && logNameOf({ ...one.place, partition }) !== logNameOf(place),
    )
    if (others.some(one => !one.isComplete && one.nextOffset > 0))
      return {
        problem: `${where}: the topic was deleted and made again since it was read. What is in it now is read once you say so: groundstation offsets ${feed} --to earliest`,
      }
    if (ends.first === 0) return { start: 0 }
    return { start: ends.first, note: `${where}: its first ${ends.first} records had expired before it was ever read` }
  }
  const { nextOffset } = mine
  if (nextOffset < ends.first)
    return {
      isLost: true,
      problem: `${where}: the records from ${nextOffset} to ${ends.first - 1} expired before they were read. They are lost; to go on behind them: ${remedy('earliest')}`,
    }
  if (nextOffset > ends.end)
    return {
      isLost: true,
      problem: `${where}: it is read up to ${nextOffset}, and ends at ${ends.end}: the brokers have lost records. To go on behind what is there: ${remedy('latest')}`,
    }
  return { start: nextOffset }
}

/** What is said of a partition whose next record the brokers don't know. */
export const outOfRangeOf = (feed: string, { topic, partition }: TopicPlace, offset: number): string =>
  `${topic}, partition ${partition}: the offset ${offset}, up to which it is read, was not there: records have expired or are lost. To go on behind what is there: groundstation offsets ${feed} --partition ${partition} --to latest`

import type { KnownPartition, TopicPlace } from '../../engine/contract.ts'
import { logNameOf } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { Ends } from '../../kafka/topics.ts'

/** Where somebody wants a partition to be read on from. */
export type Target = 'earliest' | 'latest' | number

/** A partition moved by hand: to where, and what is left out or read again by that. */
export type Move = {
  readonly place: TopicPlace
  readonly from: number | null
  readonly to: number
  /** Records that are there and won't be read. */
  readonly skipped: number
  /** Records that were read and will be again: their repeats are found by their identity. */
  readonly again: number
}

/** Errors: USAGE, where there is nothing at that offset, or where records would be there twice. Pure. */
export function moveOf(
  place: TopicPlace,
  mine: KnownPartition | undefined,
  ends: Ends,
  to: Target,
  isPosition: boolean,
): Move {
  const where = `${place.topic}, partition ${place.partition}`
  const offset = to === 'earliest' ? ends.first : to === 'latest' ? ends.end : to
  if (offset < ends.first || offset > ends.end)
    throw new GroundstationError('USAGE', `${where} goes from ${ends.first} to ${ends.end}: ${offset} isn't there.`)
  const from = mine?.nextOffset ?? null
  const again = from === null ? 0 : Math.max(0, Math.min(from, ends.end) - offset)
  if (again > 0 && isPosition)
    throw new GroundstationError(
      'USAGE',
      `${where} is on the record up to ${from}: its events have no identity but their offset, so ${again} of them would be there twice.`,
    )
  return { place, from, to: offset, again, skipped: Math.max(0, offset - Math.max(from ?? ends.first, ends.first)) }
}

export const knownOf = (place: TopicPlace, known: readonly KnownPartition[]): KnownPartition | undefined =>
  known.find(one => logNameOf(one.place) === logNameOf(place))

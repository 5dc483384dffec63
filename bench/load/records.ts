import { createChannels } from '../../simulators/rockets/channel.ts'
import { rocketTraffic } from '../../simulators/rockets/index.ts'
import { partitionOf } from '../../src/sequencer/lane.ts'

/** As many as a feed has lanes. */
export const PARTITIONS = 8

/** A rocket's message as a topic holds it. */
export type LoadRecord = {
  readonly channel: string
  readonly number: number
  readonly key: Buffer
  readonly value: Buffer
  readonly partition: number
}

/** `isDisturbed`: shuffled within 300 places, a tenth of it twice. */
export type RecordTraffic = { readonly seed: number; readonly events: number; readonly keys: number } & {
  readonly isDisturbed?: boolean
}

/** The messages of so many rockets, of about 250 bytes each, in the order in which they are produced. */
export function rocketRecords({ seed, events, keys, isDisturbed = false }: RecordTraffic): LoadRecord[] {
  const trouble = isDisturbed ? { duplicates: 0.1, disorder: 300 } : {}
  const { postings } = rocketTraffic({ seed, rockets: keys, maxMessages: events, fold: false, ...trouble })
  const places = new Map<string, { readonly key: Buffer; readonly partition: number }>()
  const traceOf = createChannels(seed + 1)
  const records: LoadRecord[] = []
  for (const { json, event } of postings) {
    const { channel, number } = event
    const place = places.get(channel) ?? { key: Buffer.from(channel), partition: partitionOf(channel, PARTITIONS) }
    places.set(channel, place)
    // Ours are shorter than what others were measured with. The number makes the trace: a repeat is the same event.
    const value = Buffer.from(`${json.slice(0, -1)},"trace":"${traceOf(number)}"}`)
    records.push({ channel, number, value, ...place })
  }
  return records
}

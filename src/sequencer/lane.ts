/** How a feed's keys are spread over its lanes; stored with the feed, for its data depend on it. */
export type LaneHash = (typeof LANE_HASHES)[number]
export const LANE_HASHES = ['fnv1a', 'murmur2'] as const

/** What new feeds get: Kafka's own, so that with as many partitions as lanes a partition's keys are one lane's. */
export const NEW_LANE_HASH: LaneHash = 'murmur2'

export function laneOf(key: string, lanes: number, hash: LaneHash): number {
  return (hash === 'murmur2' ? murmur2(key) & 0x7fffffff : fnv1a(key)) % lanes
}

/** The partition that Kafka's own clients give a record with this key. */
export const partitionOf = (key: string, partitions: number): number => laneOf(key, partitions, 'murmur2')

/** FNV-1a over UTF-16 units. */
function fnv1a(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  // The low bits of FNV are its weakest.
  return (hash ^ (hash >>> 15)) >>> 0
}

const SEED = 0x9747b28c
const FACTOR = 0x5bd1e995

/** MurmurHash2, 32 bits, over UTF-8, with the seed of Kafka's Java client (`Utils.murmur2`). */
function murmur2(key: string): number {
  const bytes = Buffer.from(key)
  let hash = SEED ^ bytes.length
  let index = 0
  for (; index + 4 <= bytes.length; index += 4) {
    let word = Math.imul(bytes.readInt32LE(index), FACTOR)
    word = Math.imul(word ^ (word >>> 24), FACTOR)
    hash = Math.imul(hash, FACTOR) ^ word
  }
  const rest = bytes.length - index
  if (rest > 0) {
    for (let at = rest - 1; at >= 0; at--) hash ^= (bytes[index + at] ?? 0) << (8 * at)
    hash = Math.imul(hash, FACTOR)
  }
  hash = Math.imul(hash ^ (hash >>> 13), FACTOR)
  return hash ^ (hash >>> 15)
}

const NANOS_PER_MS = 1_000_000

/** Milliseconds since 1970; fractions are dropped. */
export type Clock = () => number

/**
 * Message times as the real program writes them: nine digits of fraction and an offset. The last six digits count the
 * messages of one millisecond, so that times grow as long as the clock does.
 */
export function createTimestamps(now: Clock, offsetMinutes: number): () => string {
  const offset = offsetOf(offsetMinutes)
  let second = Number.NaN
  let prefix = ''
  let millisecond = Number.NaN
  let count = 0
  return () => {
    const ms = Math.floor(now())
    count = ms === millisecond ? (count + 1) % NANOS_PER_MS : 0
    millisecond = ms
    const current = Math.floor(ms / 1000)
    if (current !== second) {
      second = current
      prefix = new Date(current * 1000 + offsetMinutes * 60_000).toISOString().slice(0, 19)
    }
    const nanos = (ms - current * 1000) * NANOS_PER_MS + count
    return `${prefix}.${String(nanos).padStart(9, '0')}${offset}`
  }
}

function offsetOf(minutes: number): string {
  const size = Math.abs(minutes)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

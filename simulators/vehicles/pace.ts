/** The most that is sent at once. */
export const BATCH = 2_000

/**
 * How many messages are due when `sent` of them have been sent: at `rate` a second the first at once, and each other its
 * part of a second after the one before. Who was held up catches up. At rate 0 there is always a whole batch.
 */
export function due(rate: number, elapsedMs: number, sent: number): number {
  if (rate === 0) return BATCH
  return Math.max(0, Math.min(BATCH, Math.floor((elapsedMs * rate) / 1_000) + 1 - sent))
}

/** How long to wait until the next one is due. */
export function msUntilDue(rate: number, elapsedMs: number, sent: number): number {
  return rate === 0 ? 0 : Math.max(0, (sent * 1_000) / rate - elapsedMs)
}

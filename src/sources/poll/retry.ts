import { PageFailure } from './failure.ts'

/** Time and chance, as arguments. */
export type Chance = {
  /** Resolves after so long; rejects when the signal is aborted. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>
  /** From 0 to 1. */
  readonly random: () => number
}

const FIRST_MS = 500
const WAIT_MS_MAX = 30_000
/** Who asks to be left alone for longer is asked again by the next poll, which waits for it. */
export const RETRY_AFTER_MS_MAX = 120_000

/** Tries again what may pass by itself, after waits that grow and are never quite the same, or as long as the API asks. */
export async function withRetries<Result>(
  work: () => Promise<Result>,
  { delay, random }: Chance,
  signal: AbortSignal,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      const waitMs = waitOf(error, attempt, random)
      if (waitMs === undefined) throw error
      await delay(waitMs, signal)
    }
  }
}

function waitOf(error: unknown, attempt: number, random: () => number): number | undefined {
  if (!(error instanceof PageFailure) || attempt >= error.attempts) return undefined
  const ownMs = Math.min(FIRST_MS * 2 ** (attempt - 1), WAIT_MS_MAX) * (0.5 + random() / 2)
  const askedMs = error.retryAfterMs
  if (askedMs === undefined) return ownMs
  return askedMs > RETRY_AFTER_MS_MAX ? undefined : Math.max(askedMs, ownMs)
}

/** `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}

import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'

/** A signal that comes so soon after another is the same one: npm and the parent process pass on what the terminal sent to all. */
const SAME_SIGNAL_MS = 500

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export type Stopping = {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal
  /** The exit code that says which one it was; undefined before. */
  readonly code: () => number | undefined
}

/** Turns the first SIGINT, SIGTERM or SIGHUP into an abort; the second leaves at once, whatever is still under way. */
export function stopOnSignals(): Stopping {
  const stopping = new AbortController()
  let first: { readonly code: number; readonly atMs: number } | undefined
  for (const [name, code] of Object.entries(SIGNALS))
    process.on(name, () => {
      if (first === undefined) {
        first = { code, atMs: performance.now() }
        stopping.abort()
      } else if (performance.now() - first.atMs > SAME_SIGNAL_MS) process.exit(first.code)
    })
  return { signal: stopping.signal, code: () => first?.code }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Runs the steps one after another, also when one fails; leaves with 1 when they take longer than `msMax`. */
export async function stopAll(log: Logger, msMax: number, steps: readonly (() => Promise<void>)[]): Promise<void> {
  const timer = setTimeout(() => {
    log.error(
      `stopping takes longer than ${msMax / 1000} s: leaving; the next start goes on with all that was acknowledged`,
    )
    process.exit(1)
  }, msMax)
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      log.error({ err: error }, messageOf(error))
    }
  }
  clearTimeout(timer)
}

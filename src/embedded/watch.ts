/**
 * Watches a server for one of its users and has it restarted when it dies.
 *
 *     watching ──(process gone)──▶ restarting ──(ready)──▶ watching
 *                                      │
 *                                      ├──(failed)──▶ restarting, after twice the pause
 *                                      └──(5 deaths and failures in a minute)──▶ lost
 *     any state ──stop()──▶ stopped
 *
 * `lost` and `stopped` are final. Every user watches; the lock decides who restarts, the others find it running.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { GroundstationError, messageOf } from '../errors.ts'
import { isRunning } from './process-identity.ts'

const LOOK_MS = 200
const PAUSE_MS = 100
const TROUBLES_MAX = 5
const TROUBLE_WINDOW_MS = 60_000

export type Watched = {
  /** Finds or starts the server; the answer is its process id. */
  readonly restart: (signal: AbortSignal) => Promise<number>
  /** Called with each look at a living server. */
  readonly tend: () => Promise<void>
  readonly warn: (message: string) => void
}

export type Watch = {
  /** Aborted when the server keeps dying; its reason is the GroundstationError. */
  readonly lost: AbortSignal
  /** Resolves when no restart is under way any more. */
  stop(): Promise<void>
}

/** Begins to watch the server with this process id. Doesn't keep the process alive by itself. */
export function watch(pid: number, watched: Watched): Watch {
  const lost = new AbortController()
  const stopping = new AbortController()
  const ended = follow(pid, watched, stopping.signal).catch(error => {
    if (!stopping.signal.aborted) lost.abort(error)
  })
  return {
    lost: lost.signal,
    stop: () => {
      stopping.abort()
      return ended
    },
  }
}

async function follow(firstPid: number, watched: Watched, signal: AbortSignal): Promise<never> {
  const troubles: number[] = []
  let pid = firstPid
  for (;;) {
    await delay(LOOK_MS, undefined, { signal, ref: false })
    if (isRunning(pid)) {
      await watched.tend().catch(error => watched.warn(messageOf(error)))
      continue
    }
    watched.warn('the embedded PostgreSQL has died; restarting it')
    note(troubles, new GroundstationError('EMBEDDED_FAILED', 'the process ended'))
    pid = await restart(watched, troubles, signal)
  }
}

async function restart(watched: Watched, troubles: number[], signal: AbortSignal): Promise<number> {
  for (let pauseMs = PAUSE_MS; ; pauseMs *= 2) {
    await delay(pauseMs, undefined, { signal })
    const startedMs = performance.now()
    try {
      const pid = await watched.restart(signal)
      watched.warn(`the embedded PostgreSQL is back after ${Math.round(performance.now() - startedMs)} ms`)
      return pid
    } catch (error) {
      if (signal.aborted) throw error
      watched.warn(`the embedded PostgreSQL could not be restarted: ${messageOf(error)}`)
      note(troubles, error)
    }
  }
}

/** Raises EMBEDDED_FAILED when this is one trouble too many. */
function note(troubles: number[], cause: unknown): void {
  const now = performance.now()
  troubles.push(now)
  while ((troubles[0] ?? now) < now - TROUBLE_WINDOW_MS) troubles.shift()
  if (troubles.length < TROUBLES_MAX) return
  throw new GroundstationError(
    'EMBEDDED_FAILED',
    `the embedded PostgreSQL died or failed to start ${TROUBLES_MAX} times within a minute: ${messageOf(cause)}`,
    { cause },
  )
}

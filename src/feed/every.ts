import { Cron } from 'croner'
import { parseDurationMs } from './time.ts'

/** How often something is done: from start to start, or at the times of a cron line, in UTC. */
export type Every =
  | { readonly kind: 'interval'; readonly ms: number }
  | {
      readonly kind: 'times'
      /** The first time of the line after this one, in milliseconds since 1970; undefined where none ever comes. */
      readonly after: (ms: number) => number | undefined
    }

const INTERVAL_MS_MAX = 366 * 86_400_000

/** `'300s'`, or a cron line of five or six parts. Undefined where the text is neither. */
export function parseEvery(text: string): Every | undefined {
  const ms = parseDurationMs(text)
  if (ms !== undefined) return ms >= 100 && ms <= INTERVAL_MS_MAX ? { kind: 'interval', ms } : undefined
  try {
    const cron = new Cron(text, { timezone: 'UTC', mode: '5-or-6-parts', paused: true })
    return { kind: 'times', after: from => cron.nextRun(new Date(from))?.getTime() }
  } catch {
    return undefined
  }
}

/**
 * A stand-in for the `rockets` program: the traffic of a fleet, from a seed, with as much trouble as is asked for.
 * It differs from the real one where it says so: messages broken on purpose (not sent again after their first 400),
 * connections that are kept, NDJSON.
 */
import { writeExpectations } from './expect-file.ts'
import { sendNdjson } from './ndjson.ts'
import type { SendReport } from './report.ts'
import { type SendOptions, sendPostings } from './send.ts'
import type { Tally } from './tally.ts'
import { rocketTraffic, type TrafficOptions, whole } from './traffic.ts'

export { parseDuration } from './duration.ts'
export { Expectations, foldEvents, type RocketState } from './expect.ts'
export { eventOf, jsonOf, type RocketEvent } from './message.ts'
export type { SendReport } from './report.ts'
export type { Attempt } from './send.ts'
export type { Posting, Tally } from './tally.ts'
export { rocketTraffic, type Traffic, type TrafficOptions } from './traffic.ts'

export interface SimulateOptions extends Omit<TrafficOptions, 'fold'>, SendOptions {
  /** Everything as one streamed body; then nothing is sent again, and `history` and `messageDelayMs` don't apply. */
  readonly ndjson?: boolean
  /** The file that the expected final states are written to. */
  readonly expect?: string
}

export interface Simulation {
  readonly report: SendReport
  readonly totals: Tally
}

/** Sends a seed's traffic to a URL; when the signal ends it early, the report says so instead of an exception. */
export async function simulateRockets(options: SimulateOptions): Promise<Simulation> {
  whole('concurrency-level', options.concurrencyLevel, 1, 10_000)
  whole('max-attempts', options.maxAttempts, 1, Number.MAX_SAFE_INTEGER)
  const traffic = rocketTraffic({ ...options, fold: options.expect !== undefined })
  const send = options.ndjson ? sendNdjson : sendPostings
  const report = await send(traffic.postings, options)
  if (options.expect !== undefined) {
    const head = { seed: options.seed, finished: report.finished, totals: traffic.tally }
    await writeExpectations(options.expect, head, traffic.expected)
  }
  return { report, totals: traffic.tally }
}

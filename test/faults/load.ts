/** Load on one or more services while faults happen to them, and the check afterwards. Seeded; a failure says how to repeat it. */

import { type Posting, rocketTraffic } from '../../simulators/rockets/index.ts'
import { createRandom, type Random } from '../../simulators/rockets/random.ts'
import { check, report, type Violation } from './checker.ts'
import { type ClientOptions, sendAll } from './client.ts'
import { History } from './history.ts'
import { streamAll } from './stream-client.ts'

export type LoadOptions = {
  readonly seed: number
  readonly messages: number
  /** Where attempts go, one after another in turn. */
  readonly services: readonly { readonly url: string }[]
  readonly databaseUrl: string
  /** The feed's name, where it isn't `rockets`. */
  readonly feed?: string
  readonly rockets?: number
  /** The fraction of broken messages on top. */
  readonly invalid?: number
  /** The fraction that is kept back until all the rest was sent. */
  readonly lateGaps?: number
  readonly singles?: number
  readonly streams?: number
  readonly resendAfterMs?: number
  readonly answerTimeoutMs?: number
  /** All must be acknowledged by then: after a fault the load drains by itself. */
  readonly drainMs?: number
  /** Happens while the load is on; waits for facts of the history. */
  readonly faults: (history: History, random: Random) => Promise<void>
  /** Between the last acknowledgement and the check: what may come after an answer. */
  readonly settled?: () => Promise<readonly Violation[]>
}

export type Run = { readonly history: History; readonly violations: readonly Violation[] }

/** The seed of a test's runs: chance, unless a failed run is to be repeated. */
export const seedOf = (): number => Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Runs load and faults side by side, until everything is acknowledged, and checks what is there. */
export async function runLoad(options: LoadOptions): Promise<Run> {
  const { seed, messages, rockets = 12, singles = 8, streams = 2, faults } = options
  const history = new History()
  const traffic = {
    seed,
    rockets,
    maxMessages: messages,
    duplicates: 0.08,
    disorder: 40,
    invalid: options.invalid ?? 0.01,
    lateGaps: options.lateGaps ?? 0,
  }
  const { postings } = rocketTraffic({ ...traffic, repeatWithin: 200 })
  // Streams and single posts take from one queue, so that both meet the same keys.
  const queue = postings[Symbol.iterator]()
  const ended = new AbortController()
  const overdue = setTimeout(() => ended.abort(), options.drainMs ?? 60_000)
  let turn = 0
  const client: ClientOptions = {
    history,
    url: () => options.services[turn++ % options.services.length]?.url ?? '',
    resendAfterMs: options.resendAfterMs ?? 50,
    answerTimeoutMs: options.answerTimeoutMs ?? 10_000,
    signal: ended.signal,
  }
  const senders = [
    ...Array.from({ length: singles }, (_, index) => sendAll(queue, { ...client, keepAlive: index % 2 === 0 })),
    ...Array.from({ length: streams }, () => streamAll(queue, client)),
  ]
  const violations: Violation[] = []
  try {
    // A run that is given up doesn't wait for its faults, which wait for what will never be acknowledged.
    const givenUp = new Promise<void>(resolve => ended.signal.addEventListener('abort', () => resolve()))
    const disturbing = Promise.race([faults(history, createRandom(seed, 'faults')), givenUp])
    const results = await Promise.allSettled([...senders, disturbing])
    const failed = results.find(result => result.status === 'rejected')
    if (ended.signal.aborted)
      violations.push({ promise: 'R', text: 'not all was acknowledged in time after the faults' })
    else if (failed !== undefined) throw failed.reason
  } finally {
    clearTimeout(overdue)
    ended.abort()
    queue.return?.()
  }
  violations.push(...((await options.settled?.()) ?? []))
  violations.push(...(await check(history, options.databaseUrl, options.feed)))
  return { history, violations }
}

/** Fails with what was broken and the command that repeats the run. */
export function expectKept({ violations }: Pick<Run, 'violations'>, seed: number, file: string): void {
  if (violations.length === 0) return
  const name = file.slice(file.lastIndexOf('/test/') + 1)
  throw new Error(`${report(violations)}\nSeed ${seed}. Repeat with: FAULT_SEED=${seed} npx node --test ${name}`)
}

export type { Posting }

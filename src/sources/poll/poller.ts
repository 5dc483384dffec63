/**
 * Polls a feed by its schedule, here or in another process: whoever takes the lease.
 *
 *   looking ──due, or a run was left open──▶ taking ──got it──▶ polling ──▶ looking
 *      ▲                                       │
 *      └────── somebody else was first ────────┘
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PollStanding, PollTurn } from '../../engine/contract.ts'
import { GroundstationError, messageOf } from '../../errors.ts'
import { LEASE_MS } from './lease.ts'
import { type PollReport, type RunOptions, runPoll } from './run.ts'
import { Schedule } from './schedule.ts'

export type PollerOptions = RunOptions & {
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void
}

/** A poll that others begin is seen by asking. */
const LOOK_MS_MAX = 5_000
const FAILED_MS = 2_000
/** A run that was left open longer ago begins anew: the API's places may have ended. */
const RESUME_MS_MAX = 3_600_000

const resumes = ({ isOpen, ageMs = 0 }: PollStanding) => isOpen && ageMs < RESUME_MS_MAX

export class Poller {
  readonly #options: PollerOptions
  readonly #schedule: Schedule
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  #failed = false
  /** The run after which it is known that the API rests. */
  #rests = 0

  constructor(options: PollerOptions) {
    this.#options = options
    this.#schedule = new Schedule(options.poll.every)
  }

  start(): void {
    this.#running ??= this.#turns()
  }

  /** Leaves a run that is under way where it is; whoever comes next goes on with it. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort(new GroundstationError('STOPPING', 'Groundstation is stopping'))
    await this.#running
  }

  async #turns(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const waitMs = await this.#turn().catch((error: unknown) => this.#told(error))
      await sleep(waitMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Polls where it is due; how long to wait before the next look. */
  async #turn(): Promise<number> {
    const { engine, feed, leaseMs = LEASE_MS } = this.#options
    const polls = engine.polls(feed)
    const standing = await polls.standing()
    const now = { steadyMs: performance.now(), wallMs: Date.now() }
    const { waitMs, scheduledForMs } = this.#schedule.look(standing, now)
    this.#failed = false
    this.#tellRest(standing)
    if (standing.leaseMs > 0) return Math.min(standing.leaseMs, LOOK_MS_MAX)
    const isResumed = resumes(standing)
    if (waitMs > 0 && !isResumed) return Math.min(waitMs, LOOK_MS_MAX)
    const scheduled = isResumed ? undefined : scheduledForMs
    const turn = await polls.take({ standing, leaseMs, resumes: isResumed, scheduledForMs: scheduled })
    if (turn !== undefined) await this.#poll(turn)
    return 0
  }

  async #poll(turn: PollTurn): Promise<void> {
    const { feed, log } = this.#options
    const report = await runPoll(this.#options, turn, this.#stopping.signal)
    if (report.restMs !== undefined) this.#rests = report.run
    const isOdd = report.note !== undefined || report.hint !== undefined
    if (report.failure === undefined) log(isOdd ? 'warn' : 'info', `${feed}: ${textOf(report)}`)
    else log('warn', `${feed}: the poll failed: ${report.failure.message}; ${restOf(report)}what is stored stays`)
  }

  /** One who comes to it later would say nothing for as long as it rests. */
  #tellRest({ run, restMs }: PollStanding): void {
    if (restMs === 0 || this.#rests === run) return
    this.#rests = run
    this.#options.log('info', `${this.#options.feed}: its API has asked to be left alone until ${inTime(restMs)}`)
  }

  /** What failed is said once, until it goes again. */
  #told(error: unknown): number {
    if (!this.#stopping.signal.aborted && !this.#failed)
      this.#options.log('warn', `${this.#options.feed}: polling failed: ${messageOf(error)}`)
    this.#failed = true
    return FAILED_MS
  }
}

/**
 * One poll now, whatever the schedule says. Raises BUSY where another process polls the feed, and SOURCE_UNREACHABLE where
 * the API has asked to be left alone, unless `disturbs`.
 */
export async function pollNow(options: RunOptions, stop: AbortSignal, disturbs = false): Promise<PollReport> {
  const { engine, feed, poll, leaseMs = LEASE_MS } = options
  const polls = engine.polls(feed)
  const standing = await polls.standing()
  const busy = new GroundstationError(
    'BUSY',
    `Another process polls ${feed}, or did a moment ago and has died: try again in ${LEASE_MS / 1000} s.`,
  )
  // How its poll ends isn't known yet.
  if (standing.leaseMs > 0) throw busy
  if (standing.restMs > 0 && !disturbs)
    throw new GroundstationError(
      'SOURCE_UNREACHABLE',
      `${poll.shown} has asked to be left alone until ${inTime(standing.restMs)}: it wasn't asked. --now asks all the same.`,
    )
  const turn = await polls.take({ standing, leaseMs, resumes: resumes(standing), scheduledForMs: undefined })
  if (turn === undefined) throw busy
  return runPoll(options, turn, stop)
}

const inTime = (ms: number) => new Date(Date.now() + ms).toISOString().replace(/\.\d+/, '')

/** What it asks for, of whom is polled no sooner. */
const restOf = ({ restMs }: PollReport) =>
  restMs === undefined ? '' : `it asks to be left alone until ${inTime(restMs)}; `

export function textOf(report: PollReport): string {
  const { requests, ms, gone, note, hint, ...counts } = report
  const count = (name: 'new' | 'changed' | 'unchanged' | 'rejected') => `${counts[name].toLocaleString('en')} ${name}`
  const items = [
    count('new'),
    count('changed'),
    count('unchanged'),
    count('rejected'),
    ...(gone > 0 ? [`${gone} gone`] : []),
  ]
  const asked = `${requests} ${requests === 1 ? 'request' : 'requests'} in ${(ms / 1000).toFixed(1)} s`
  const said = [items.join(', '), asked, note, hint].filter(part => part !== undefined)
  return `${restOf(report)}${said.join('; ')}`
}

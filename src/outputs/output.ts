/**
 * One output, in one of the processes that may run it. At most one delivers at a time, and the others take over when it is
 * silent; that they may be wrong about it does no harm.
 *
 *   standing by ──nobody holds it──▶ taking over ──the one before is fenced, the end is read──▶ delivering
 *        ▲                               │                                                          │
 *        ├──── lost to another ──────────┴──────────────────────────────────────────────────────────┤
 *        └──── failed: let go, said, tried again after a wait ──────────────────────────────────────┘
 *
 * Whatever fails, the next attempt takes over anew: of the last delivery nobody knows but the target.
 */
import { GroundstationError, messageOf } from '../errors.ts'
import type { Query } from '../store/store.ts'
import { claimOutput, registerOutput } from '../store/write/outputs.ts'
import { Bell } from './bell.ts'
import type { OutputPlan, PageLimits, Target } from './contract.ts'
import { failpoint } from './failpoint.ts'
import { Hold } from './hold.ts'

export type OutputOptions = {
  readonly query: Query
  readonly plan: OutputPlan
  /** Who holds it and is silent for so long is given up. */
  readonly holdMs: number
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/** Looked for so often, whatever is told meanwhile. */
const LOOK_MS = 1_000
const RETRY_MS = [500, 1_000, 2_000, 5_000]
const LIMITS: PageLimits = { alerts: 1_000, bytes: 512 * 1024 }
const BYTES_LEAST = 1024

export class Output {
  readonly #options: OutputOptions
  readonly #bell = new Bell()
  #id: number | undefined
  #running: Promise<void> | undefined
  #isStopped = false
  #failures = 0
  #said: string | undefined
  #limits = LIMITS

  constructor(options: OutputOptions) {
    this.#options = options
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** There may be more to deliver. */
  wake(): void {
    this.#bell.ring()
  }

  /** Finishes what is under way, and lets others have it. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#bell.ring()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const hold = await this.#claim()
      const isWell = hold !== undefined && (await this.#hold(hold))
      if (isWell || this.#isStopped) continue
      const waitMs = this.#failures === 0 ? Math.min(LOOK_MS, this.#options.holdMs / 2) : this.#retryMs
      await this.#pause(waitMs)
    }
  }

  get #retryMs(): number {
    return RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1] ?? 0
  }

  /** Undefined where another holds it, or nobody can be asked. */
  async #claim(): Promise<Hold | undefined> {
    const { query, plan, holdMs } = this.#options
    try {
      this.#id ??= await registerOutput(query, plan.name)
      const claimed = await claimOutput(query, this.#id, holdMs)
      return claimed && new Hold(query, this.#id, claimed, holdMs, () => this.#bell.ring())
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  /** Until it is lost, stopped, or fails; whether it was well up to the end. */
  async #hold(hold: Hold): Promise<boolean> {
    const target = this.#options.plan.open()
    try {
      await failpoint('claimed')
      await this.#takeOver(hold, target)
      await this.#deliver(hold, target)
      await hold.release()
      return true
    } catch (error) {
      const isMine = await hold.release(messageOf(error)).catch(() => true)
      if (isMine) this.#failed(error)
      else this.#options.log('info', `${this.#text}: delivered elsewhere now: ${messageOf(error)}`)
      return !isMine
    } finally {
      await target.close()
    }
  }

  async #takeOver(hold: Hold, target: Target): Promise<void> {
    const from = hold.position.lastId
    const position = await target.takeOver(hold.position)
    await hold.move(position)
    await failpoint('taken')
    if (hold.isLost) return
    const found = position.lastId > from ? `; up to ${position.lastId} they were there already` : ''
    this.#options.log('info', `${this.#text}: delivered here, from ${from + 1} on${found}`)
    this.#said = undefined
    this.#failures = 0
  }

  async #deliver(hold: Hold, target: Target): Promise<void> {
    const { plan } = this.#options
    while (!hold.isLost && !this.#isStopped) {
      const { lastId, place } = hold.position
      const page = await plan.read(lastId, this.#limits)
      if (page.alerts.length > 0) {
        await failpoint('read')
        await hold.move({ lastId: page.next, place: await target.deliver(page.alerts) })
        await failpoint('saved')
      } else if (page.next > lastId) hold.pass({ lastId: page.next, place })
      else await this.#bell.wait(LOOK_MS)
    }
    if (hold.isLost) this.#options.log('info', `${this.#text}: delivered elsewhere now`)
  }

  #failed(error: unknown): void {
    this.#failures++
    if (error instanceof GroundstationError && error.code === 'BODY_TOO_LARGE')
      this.#limits = { ...LIMITS, bytes: Math.max(BYTES_LEAST, this.#limits.bytes / 2) }
    const message = `${this.#text}: not delivered: ${messageOf(error)}`
    if (message !== this.#said) this.#options.log('warn', message)
    this.#said = message
  }

  async #pause(ms: number): Promise<void> {
    // Alerts that are raised meanwhile are no reason to try again sooner.
    const dueMs = performance.now() + ms
    while (!this.#isStopped && performance.now() < dueMs) await this.#bell.wait(dueMs - performance.now())
  }

  get #text(): string {
    const { feed, stream, kind, target } = this.#options.plan.name
    return `${feed}: alerts of ${stream} to ${kind} ${target}`
  }
}

import type { CompiledFeed } from '../feed/compile.ts'
import type { StoredFeed } from '../store/feed.ts'
import type { Leaves } from '../store/leaf.ts'
import type { Store } from '../store/store.ts'
import { forgetAlerts, type Keep } from '../store/write/alerts.ts'
import { loadWaiting } from '../store/write/keys.ts'
import { arrivalWatermark } from '../store/write/partitions.ts'
import { forgetSeen } from '../store/write/seen.ts'
import { forgetClaims } from '../store/write/sources.ts'
import { Ticket } from './work.ts'
import type { Writers } from './writer.ts'

export type SweepOptions = {
  readonly feed: CompiledFeed
  readonly store: Store
  readonly sweepMs: number
  /** Otherwise the sweep only looks whether the database is there. */
  readonly releases: boolean
  readonly readsTopics: boolean
  /** By stream. */
  readonly keeps: ReadonlyMap<string, Keep>
}

export type SweepParts = SweepOptions & {
  readonly stored: StoredFeed
  readonly writers: Writers
  readonly leaves: Leaves
}

/** What became of each sweep, for the health check. */
export type SweepReport = { onSuccess(): void; onFailure(error: unknown): void }

/** How many keys one sweep releases at a time. */
const SWEEP_KEYS = 1_000
/** How long it is remembered which body an idempotency key came with, where events carry their own identity. */
const CLAIMS_MS = 30 * 86_400_000
const SWEEP_CLAIMS = 10_000
/** How many alerts one sweep forgets of a stream. */
const SWEEP_ALERTS = 10_000

/** Makes the record's next leaf, releases what has waited long enough, and forgets what is kept no longer; again and again, one sweep at a time. */
export class Sweep {
  readonly #parts: SweepParts
  readonly #report: SweepReport
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<void> | undefined
  /** Since when, without a break, the feed could be posted to: waits count from here at the earliest. */
  #readySinceMs = 0

  constructor(parts: SweepParts, report: SweepReport) {
    this.#parts = parts
    this.#report = report
  }

  start(): void {
    this.#readySinceMs = performance.now()
    this.#timer = setInterval(() => this.#sweep(), this.#parts.sweepMs).unref()
  }

  /** Resolves when none is under way any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#sweeping
  }

  #sweep(): void {
    this.#sweeping ??= this.#sweepOnce()
      .then(() => this.#report.onSuccess())
      .catch(error => {
        // Told by the health check; tried again at the next turn.
        this.#report.onFailure(error)
        this.#readySinceMs = performance.now()
      })
      .finally(() => {
        this.#sweeping = undefined
      })
  }

  async #forgetAlerts(): Promise<void> {
    const { store, feed, keeps } = this.#parts
    for (const stream of new Set(feed.alerts.map(alert => alert.stream))) {
      const keep = keeps.get(stream)
      if (keep !== undefined) await forgetAlerts(store.query, stream, keep, SWEEP_ALERTS)
    }
  }

  /**
   * The arrival watermark is the database's clock, or when the slowest partition of a topic was last read to its end, less
   * what still waits in the queue here; and it has not moved while nobody could post. So catching up on a backlog, or coming back after an outage, releases nothing too early.
   */
  async #sweepOnce(): Promise<void> {
    const { store, feed, stored, writers, leaves, readsTopics, releases } = this.#parts
    const watermarkMs = await arrivalWatermark(store.query, stored.id, readsTopics)
    await leaves.makeAhead(Date.now())
    if (!releases) return
    await this.#forgetAlerts()
    const nowMs = performance.now()
    if (feed.identity.kind !== 'position') await forgetClaims(store.query, stored.id, CLAIMS_MS, SWEEP_CLAIMS)
    if (feed.identity.horizonMs !== undefined) await forgetSeen(store.query, stored.id, feed.identity.horizonMs, 10_000)
    if (feed.identity.kind !== 'sequenced' || nowMs - this.#readySinceMs < feed.gaps.waitMs) return
    const backlogMs = nowMs - (writers.oldestMs ?? nowMs)
    const dueBeforeMs = watermarkMs - feed.gaps.waitMs - backlogMs
    const lanes = Array.from({ length: stored.lanes }, (_, lane) => lane)
    const due = await loadWaiting(store.query, stored.id, lanes, dueBeforeMs, SWEEP_KEYS)
    const ticket = new Ticket(due.length)
    for (const [index, { key, lane }] of due.entries())
      writers.enqueue({
        kind: 'release',
        lane,
        ticket,
        index,
        enqueuedMs: nowMs,
        key,
        dueBeforeMs,
        outcome: undefined,
      })
    writers.wake()
    await ticket.promise
  }
}

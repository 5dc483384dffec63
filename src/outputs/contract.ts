/**
 * What every output keeps, and a live stream as well: whoever reads at its other end gets each alert of a stream once and
 * in order, from where the output began, whatever dies when, and however often. One that can't deliver falls behind, says so,
 * and catches up by itself; nothing waits for it.
 */
import type { PageLimits } from '../store/read/outputs.ts'
import type { OutputName } from '../store/write/outputs.ts'

export type { OutputName, PageLimits }

/** How far an output is. */
export type Position = {
  /** Everything up to it is delivered, or is for others. */
  readonly lastId: number
  /** Where that led at the other end, as the target wrote it down; null before it ever did. */
  readonly place: unknown
}

export type OutgoingAlert = {
  readonly id: number
  readonly rule: string
  readonly key: string | null
  /** JSON. */
  readonly data: string
}

/** What is to be delivered next. `next`: everything up to it is among the alerts, or is for others. */
export type AlertPage = { readonly alerts: readonly OutgoingAlert[]; readonly next: number }

/** Where an output delivers to. Good up to its first error; then it is closed, and another takes over. */
export type Target = {
  /**
   * First keeps out whoever delivered before, then looks what of it is there: of the last that it sent nobody knows. Resolves
   * with where to go on.
   */
  takeOver(from: Position): Promise<Position>
  /** Resolves with the place behind them when all of them are there. An error: all or none of them are. */
  deliver(alerts: readonly OutgoingAlert[]): Promise<unknown>
  close(): Promise<void>
}

/** An output that may be run here. */
export type OutputPlan = {
  readonly name: OutputName
  open(): Target
  read(after: number, limits: PageLimits): Promise<AlertPage>
}

import type { Outcome } from '../../engine/contract.ts'

/** How many events had which outcome. */
export type Totals = Record<Outcome['outcome'], number>

export const noTotals = (): Totals => ({ accepted: 0, held: 0, duplicate: 0, conflict: 0, rejected: 0 })

export const countOf = (totals: Totals): number => Object.values(totals).reduce((sum, count) => sum + count, 0)

import type { Outcome, Queued } from '../../engine/contract.ts'

/** What became of one event. One over the size limit is refused without a dead letter: it is too large to keep. */
export type Receipt =
  | Outcome
  | Queued
  | {
      readonly outcome: 'rejected'
      readonly reason: 'size'
      readonly message: string
      readonly pointer: ''
      readonly deadLetter: null
    }

export const DUPLICATE: Receipt = { outcome: 'duplicate' }

export const tooLarge = (bytes: number, bytesMax: number): Receipt => ({
  outcome: 'rejected',
  reason: 'size',
  message: `has ${bytes} bytes; an event has at most ${bytesMax}`,
  pointer: '',
  deadLetter: null,
})

export type Totals = Record<Receipt['outcome'], number>

export const noTotals = (): Totals => ({ accepted: 0, held: 0, duplicate: 0, conflict: 0, rejected: 0, queued: 0 })

/** As they are told: with a topic between, nobody knows yet what becomes of an event on the record. */
export function toldTotals({ queued, ...settled }: Totals, isQueued: boolean): Readonly<Record<string, number>> {
  const { accepted, held, duplicate, conflict, rejected } = settled
  return isQueued && accepted + held + duplicate + conflict === 0 ? { queued, rejected } : settled
}

export function addTo(totals: Totals, receipts: readonly Receipt[]): void {
  for (const { outcome } of receipts) totals[outcome]++
}

const ACCEPTED_TEXT = '{"outcome":"accepted"}'
const DUPLICATE_TEXT = '{"outcome":"duplicate"}'

export function receiptText(receipt: Receipt): string {
  if (receipt.outcome === 'accepted') return ACCEPTED_TEXT
  if (receipt.outcome === 'duplicate') return DUPLICATE_TEXT
  if (receipt.outcome === 'held') return `{"outcome":"held","waitingFor":${receipt.waitingFor}}`
  return JSON.stringify(receipt)
}

/** The receipts of some events, a line each. */
export const receiptLines = (receipts: readonly Receipt[]): string =>
  receipts.reduce((lines, receipt) => `${lines}${receiptText(receipt)}\n`, '')

import type { RecordsBatch } from '@platformatic/kafka'

/** Where a producer's transaction began that was aborted, as a broker tells it with what it sends. */
export type AbortedTransaction = { readonly producerId: bigint; readonly firstOffset: bigint }

const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const ABORT = 0

/**
 * The batches whose records a reader gets: neither markers nor what was aborted, also where a producer aborted several
 * transactions, and where the marker of the last is in a later answer. (The driver's own filter knows neither.)
 */
export function committedBatches(
  batches: readonly RecordsBatch[],
  abortedTransactions: readonly AbortedTransaction[],
): RecordsBatch[] {
  const begun = [...abortedTransactions].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  const aborting = new Set<bigint>()
  return batches.filter(batch => {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    for (let next = begun[0]; next !== undefined && next.firstOffset <= last; next = begun[0]) {
      aborting.add(next.producerId)
      begun.shift()
    }
    if ((batch.attributes & CONTROL) !== 0) {
      if (isAbort(batch)) aborting.delete(batch.producerId)
      return false
    }
    return (batch.attributes & TRANSACTIONAL) === 0 || !aborting.has(batch.producerId)
  })
}

/** A marker's key: its version and its kind, 16 bits each. */
const isAbort = ({ records: [marker] }: RecordsBatch): boolean => marker?.key?.readInt16BE(2) === ABORT

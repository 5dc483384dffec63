import { letterDigest } from '../../store/write/letters.ts'
import type { Batch } from '../batch.ts'
import type { RefusedWork } from '../work.ts'

/** What the schema refused becomes a dead letter, with its key and number where they could be read. */
export function decideRefusals(batch: Batch, works: readonly RefusedWork[]): void {
  for (const work of works) {
    const { reason, message, pointer, key, sequence } = work.refusal
    batch.effects.letters.push({
      reason,
      message,
      pointer,
      key,
      sequence,
      source: JSON.stringify(work.origin),
      raw: work.raw,
      digest: letterDigest(work.raw),
      works: [work],
      outcomeOf: deadLetter => ({ outcome: 'rejected', deadLetter, reason, message, pointer }),
    })
  }
}

/** What is said of an event that the database itself refused: never its own message, which quotes the data. */
export const refusedByStore = (error: unknown) => ({
  reason: 'store' as const,
  message: `the database refused it (SQLSTATE ${String((error as { code?: unknown }).code ?? '')})`,
  pointer: '',
})

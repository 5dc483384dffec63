import type { Outcome, PollCounts } from '../../engine/contract.ts'

export const NO_COUNTS: PollCounts = { requests: 0, new: 0, changed: 0, unchanged: 0, rejected: 0, gone: 0 }

export function added(first: PollCounts, second: Partial<PollCounts>): PollCounts {
  return {
    requests: first.requests + (second.requests ?? 0),
    new: first.new + (second.new ?? 0),
    changed: first.changed + (second.changed ?? 0),
    unchanged: first.unchanged + (second.unchanged ?? 0),
    rejected: first.rejected + (second.rejected ?? 0),
    gone: first.gone + (second.gone ?? 0),
  }
}

/** What came of a page's items; undefined: a dead letter. Of a snapshot the first version is new, a later one changed. */
export function countOutcomes(outcomes: readonly (Outcome | undefined)[]): Omit<PollCounts, 'requests' | 'gone'> {
  const counts = { new: 0, changed: 0, unchanged: 0, rejected: 0 }
  for (const outcome of outcomes) counts[kindOf(outcome)]++
  return counts
}

function kindOf(outcome: Outcome | undefined): 'new' | 'changed' | 'unchanged' | 'rejected' {
  switch (outcome?.outcome) {
    case 'accepted':
      return (outcome.version ?? 1) > 1 ? 'changed' : 'new'
    case 'held':
      return 'new'
    case 'duplicate':
      return 'unchanged'
    case 'conflict':
    case 'rejected':
    case undefined:
      return 'rejected'
  }
}

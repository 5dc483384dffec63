import type { Outcome, PollCounts } from '../../engine/contract.ts'

export const NO_COUNTS: PollCounts = { requests: 0, new: 0, changed: 0, unchanged: 0, rejected: 0, gone: 0, shared: 0 }

export function added(first: PollCounts, second: Partial<PollCounts>): PollCounts {
  return {
    requests: first.requests + (second.requests ?? 0),
    new: first.new + (second.new ?? 0),
    changed: first.changed + (second.changed ?? 0),
    unchanged: first.unchanged + (second.unchanged ?? 0),
    rejected: first.rejected + (second.rejected ?? 0),
    gone: first.gone + (second.gone ?? 0),
    shared: first.shared + (second.shared ?? 0),
  }
}

/** What came of a page's items; undefined: a dead letter. Of a snapshot the first version is new, a later one changed. */
export function countOutcomes(
  outcomes: readonly (Outcome | undefined)[],
): Omit<PollCounts, 'requests' | 'gone' | 'shared'> {
  const counts = { new: 0, changed: 0, unchanged: 0, rejected: 0 }
  for (const outcome of outcomes) counts[kindOf(outcome)]++
  return counts
}

/** Of the items that were read, those that changed what another of their page said under the same key. */
export function countShared(
  outcomes: readonly (Outcome | undefined)[],
  read: readonly number[],
  again: ReadonlySet<number>,
): number {
  if (again.size === 0) return 0
  return read.filter((place, index) => again.has(place) && kindOf(outcomes[index]) === 'changed').length
}

/** What a count of shared ids may mean; undefined where there is none. */
export function sharedHint(shared: number, keyPath = 'the key'): string | undefined {
  if (shared === 0) return undefined
  const said = shared === 1 ? '1 item shares an id' : `${shared.toLocaleString('en')} items share an id`
  return `${said} with another of ${shared === 1 ? 'its' : 'their'} page: is '${keyPath}' what tells them apart?`
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

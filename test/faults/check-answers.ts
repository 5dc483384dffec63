/** C, U and H as the answers show them: each event is taken once, repeats are told as such, refusals are honest. */
import type { Violation } from './checker.ts'
import { type Attempt, type Broken, type History, isAcknowledged, isUnknown, type Sent } from './history.ts'
import type { Observed } from './observed.ts'

const isTaken = (attempt: Attempt): boolean =>
  isAcknowledged(attempt) && (attempt.outcome === 'accepted' || attempt.outcome === 'held')

const TAKEN_OR_REPEATED = new Set(['accepted', 'held', 'duplicate'])
/** On a topic: whether it was there already is found out later, and told nobody. */
const QUEUED = 'queued'

export function checkAnswers(history: History, { held, record }: Observed): Violation[] {
  const violations: Violation[] = []
  for (const [name, sent] of history.events) violations.push(...checkEvent(name, sent))
  const onRecord = new Set(record.map(({ key, sequence }) => `${key}#${sequence}`))
  for (const { key, sequence, waitingFor } of held)
    if (waitingFor === null || waitingFor >= sequence || onRecord.has(`${key}#${waitingFor}`))
      violations.push({ promise: 'C', text: `${key}#${sequence} is held, and says that it waits for ${waitingFor}` })
  return violations
}

/** received = applied + held + duplicate: of all answers to one event at most one says that it was taken. */
function checkEvent(name: string, { attempts }: Sent): Violation[] {
  const violations: Violation[] = []
  const say = (promise: Violation['promise'], what: string) => violations.push({ promise, text: `${name} ${what}` })
  const taken = attempts.filter(isTaken).length
  const acknowledged = attempts.filter(attempt => isAcknowledged(attempt) && attempt.outcome !== QUEUED)
  if (taken > 1) say('O', `was answered ${taken} times that it was taken`)
  const mayBeThere = attempts.some(attempt => isUnknown(attempt) || attempt.outcome === QUEUED)
  if (taken === 0 && acknowledged.length > 0 && !mayBeThere)
    say('C', 'was answered as a duplicate of nothing: no other attempt may have been stored')
  for (const { outcome } of acknowledged)
    if (!TAKEN_OR_REPEATED.has(outcome)) say('C', `was answered with 2xx and "${outcome}"`)
  for (const attempt of attempts) {
    const lie = dishonest(attempt)
    if (lie !== undefined) say('H', lie)
  }
  return violations
}

/** A valid event is taken, or the refusal says when to come back. */
function dishonest({ status, hasRetryAfter }: Attempt): string | undefined {
  if (status === null || (status >= 200 && status < 300)) return undefined
  if (status !== 429 && status !== 503) return `was answered ${status}`
  return hasRetryAfter ? undefined : `was answered ${status} without Retry-After`
}

/** C: a broken message that was answered has its dead letter, counted as often as it may have come. */
export function checkBroken(history: History, { letters }: Observed): Violation[] {
  const violations: Violation[] = []
  const byRaw = new Map(letters.map(letter => [letter.raw, letter]))
  const isSent = (raw: string) => history.broken.has(raw)
  for (const { json, attempts } of history.broken.values()) {
    const fault = letterFault(attempts, byRaw.get(json)?.count ?? 0)
    if (fault !== undefined) violations.push({ promise: 'C', text: `the broken message ${json} ${fault}` })
    for (const attempt of attempts) {
      const lie = attempt.status === 400 ? undefined : dishonest(attempt)
      if (lie !== undefined) violations.push({ promise: 'H', text: `the broken message ${json} ${lie}` })
    }
  }
  for (const { raw, reason } of letters)
    if (!isSent(raw)) violations.push({ promise: 'C', text: `a dead letter (${reason}) holds what was valid: ${raw}` })
  return violations
}

function letterFault(attempts: Broken['attempts'], count: number): string | undefined {
  if (attempts.some(isAcknowledged)) return 'was answered with 2xx'
  const refused = attempts.filter(({ status, outcome }) => status === 400 || outcome === 'rejected').length
  const most = refused + attempts.filter(isUnknown).length
  if (count < refused || count > most)
    return `was refused ${refused} to ${most} times, and its dead letter counts ${count}`
  return undefined
}

/**
 * Compares the history with what PostgreSQL holds. Each broken promise is named by its letter (README, *What it
 * promises*), with the event it was broken for.
 */
import { foldEvents, type RocketEvent } from '../../simulators/rockets/index.ts'
import { checkAnswers, checkBroken } from './check-answers.ts'
import { checkOrder, checkTables } from './check-record.ts'
import { type History, isAcknowledged, isUnknown, nameOf, type Sent } from './history.ts'
import { type Observed, observe } from './observed.ts'

export type Promised = 'L' | 'O' | 'F' | 'C' | 'U' | 'R' | 'H' | 'S' | 'S'
export type Violation = { readonly promise: Promised; readonly text: string }

export async function check(history: History, url: string, feed = 'rockets'): Promise<Violation[]> {
  const observed = await observe(url, feed)
  return [
    ...checkPresence(history, observed),
    ...checkAnswers(history, observed),
    ...checkBroken(history, observed),
    ...checkOrder(observed),
    ...checkTables(observed),
    ...checkStates(history, observed),
  ]
}

/** L, O and U: what was acknowledged is there, nothing is there twice, and nothing is there that was never sent. */
function checkPresence(history: History, { record, held }: Observed): Violation[] {
  const violations: Violation[] = []
  const found = new Map<string, string[]>()
  for (const { key, sequence, raw } of [...record, ...held]) {
    const name = nameOf(key, sequence)
    found.set(name, [...(found.get(name) ?? []), raw])
  }
  for (const [name, sent] of history.events) {
    const there = found.get(name) ?? []
    const isPromised = sent.attempts.some(isAcknowledged)
    if (isPromised && there.length === 0) violations.push({ promise: 'L', text: `${told(name, sent)} is nowhere` })
    if (there.length > 1)
      violations.push({
        promise: sent.attempts.some(isUnknown) ? 'U' : 'O',
        text: `${told(name, sent)} is there ${there.length} times`,
      })
    for (const raw of there)
      if (raw !== sent.json) violations.push({ promise: 'L', text: `${name} was sent as ${sent.json} and is ${raw}` })
  }
  for (const name of found.keys())
    if (!history.events.has(name)) violations.push({ promise: 'O', text: `${name} is there and was never sent` })
  return violations
}

/** F: each state is the fold of the events that are applied, taken from the history and folded by the simulator's code. */
function checkStates(history: History, { record, keys }: Observed): Violation[] {
  const violations: Violation[] = []
  const applied: RocketEvent[] = []
  for (const { key, sequence } of record) {
    const event = history.events.get(nameOf(key, sequence))?.event
    if (event !== undefined) applied.push(event)
  }
  const expected = foldEvents(applied)
  const counts = Map.groupBy(record, ({ key }) => key)
  for (const { key, frontier, events, time, state } of keys) {
    const count = counts.get(key)?.length ?? 0
    if (events !== count)
      violations.push({ promise: 'C', text: `${key} counts ${events} events, and ${count} are on the record` })
    const should = expected.get(key)
    if (should === undefined) continue
    const { channel: _, messageNumber, messageTime, complete: __, ...values } = should
    const differs = Object.entries(values).filter(([name, value]) => state?.[name] !== value)
    for (const [name, value] of differs)
      violations.push({ promise: 'F', text: `${key} has ${name} ${state?.[name]}; its ${count} events give ${value}` })
    if (frontier !== messageNumber || time !== messageTime)
      violations.push({
        promise: 'F',
        text: `${key} stands at ${frontier} (${time}); its last event is ${messageNumber} (${messageTime})`,
      })
  }
  for (const { channel } of expected.states())
    if (!keys.some(({ key }) => key === channel)) violations.push({ promise: 'F', text: `${channel} has no state` })
  return violations
}

/** An event and what was answered to it, in the order of the attempts. */
export const told = (name: string, { attempts }: Pick<Sent, 'attempts'>): string =>
  `${name} (answered ${attempts.map(({ status, outcome }) => (status === null ? `nothing: ${outcome}` : `${status} ${outcome}`)).join(', ')})`

const SHOWN = 6

/** The violations as a test's message: how many of each promise, and the first ones of each. */
export function report(violations: readonly Violation[]): string {
  const groups = Map.groupBy(violations, ({ promise }) => promise)
  return [...groups]
    .map(([promise, broken]) => {
      const lines = broken.slice(0, SHOWN).map(({ text }) => `  ${promise}: ${text}`)
      const more = broken.length > SHOWN ? [`  ${promise}: and ${broken.length - SHOWN} more`] : []
      return [`promise ${promise} is broken ${broken.length} times`, ...lines, ...more].join('\n')
    })
    .join('\n')
}

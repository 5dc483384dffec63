/** F and O inside the database: positions without gaps and in order, and tables with one row for each event. */
import { eventOf, type RocketEvent } from '../../simulators/rockets/index.ts'
import type { Violation } from './checker.ts'
import { nameOf } from './history.ts'
import type { Observed, RecordRow } from './observed.ts'

/** A lane's positions are 1, 2, 3 … up to the lane's own, and each key's numbers grow with them. */
export function checkOrder({ record, lanes, keys }: Observed): Violation[] {
  const violations: Violation[] = []
  const byLane = Map.groupBy(record, ({ lane }) => lane)
  for (const [lane, position] of lanes) {
    const rows = (byLane.get(lane) ?? []).sort((a, b) => a.position - b.position)
    const wrong = rows.findIndex((row, index) => row.position !== index + 1)
    if (wrong !== -1)
      violations.push({
        promise: 'F',
        text: `lane ${lane} has position ${rows[wrong]?.position} at place ${wrong + 1}`,
      })
    if (rows.length !== position)
      violations.push({ promise: 'F', text: `lane ${lane} stands at ${position} and has ${rows.length} events` })
    violations.push(...checkKeysOf(rows, new Set(keys.filter(isWhole).map(({ key }) => key))))
  }
  return violations
}

/** Where a hole was released, a late event rightly comes after those that follow it. */
const isWhole = ({ spans, frontier, events }: Observed['keys'][number]): boolean =>
  frontier === events && !JSON.stringify(spans ?? '').includes('missing":[[')

function checkKeysOf(rows: readonly RecordRow[], whole: ReadonlySet<string>): Violation[] {
  const violations: Violation[] = []
  const last = new Map<string, number>()
  for (const { key, sequence, position, lane } of rows) {
    const before = last.get(key) ?? 0
    if (whole.has(key) && sequence <= before)
      violations.push({
        promise: 'F',
        text: `${nameOf(key, sequence)} stands after number ${before}, at position ${position} of lane ${lane}`,
      })
    last.set(key, Math.max(before, sequence))
  }
  return violations
}

export function checkTables({ record, rows }: Observed): Violation[] {
  const violations: Violation[] = []
  const expected = new Map<string, string>()
  for (const { raw } of record) {
    const event = eventOf(raw)
    const [table, value] = rowOf(event)
    expected.set(`${table} ${nameOf(event.channel, event.number)}`, value)
  }
  const seen = new Set<string>()
  for (const { table, channel, number, value } of rows) {
    const name = `${table} ${nameOf(channel, number)}`
    if (seen.has(name)) violations.push({ promise: 'O', text: `${name} is there twice` })
    seen.add(name)
    if (expected.get(name) !== value)
      violations.push({
        promise: 'O',
        text: `${name} is ${value}; the record says ${expected.get(name) ?? 'no such row'}`,
      })
  }
  for (const name of expected.keys())
    if (!seen.has(name)) violations.push({ promise: 'L', text: `${name} is on the record and not in its table` })
  return violations
}

function rowOf(event: RocketEvent): [table: string, value: string] {
  switch (event.type) {
    case 'RocketLaunched': {
      const { type, launchSpeed, mission } = event.message
      return ['rocket_launched', `${type}/${launchSpeed}/${mission}`]
    }
    case 'RocketSpeedIncreased':
    case 'RocketSpeedDecreased':
      return ['speed_change', `${event.type}/${event.message.by}`]
    case 'RocketExploded':
      return ['rocket_exploded', event.message.reason]
    case 'RocketMissionChanged':
      return ['mission_changed', event.message.newMission]
  }
}

/** S: whatever a listener went through, it was told each alert and each change once and in order. Nothing here is old enough for a reset. */
import { Expectations, type RocketEvent, type RocketState } from '../../simulators/rockets/index.ts'
import type { Violation } from './checker.ts'
import { type History, isAcknowledged } from './history.ts'
import type { Heard, Listener } from './listener.ts'

const LOUD: readonly RocketEvent['type'][] = ['RocketSpeedIncreased', 'RocketMissionChanged', 'RocketExploded']

const broken = (text: string): Violation => ({ promise: 'S', text })

const isLoud = ({ type }: RocketEvent): boolean => LOUD.includes(type)

/** What there is to be told, from the history alone. Each rocket's states: one after each of its messages; the load leaves no hole. */
export type ToTell = { readonly alerts: ReadonlySet<string>; readonly states: ReadonlyMap<string, readonly string[]> }

export function toTell(history: History): ToTell {
  const acknowledged = [...history.events.values()].filter(({ attempts }) => attempts.some(isAcknowledged))
  const alerts = new Set(acknowledged.filter(({ event }) => isLoud(event)).map(({ json }) => json))
  const events = acknowledged.map(({ event }) => event).sort((a, b) => a.number - b.number)
  const states = new Map<string, string[]>()
  for (const [channel, of] of Map.groupBy(events, event => event.channel)) {
    const fold = new Expectations()
    states.set(
      channel,
      of.map(event => {
        fold.add(event)
        return JSON.stringify(fold.get(channel))
      }),
    )
  }
  return { alerts, states }
}

/** Each event that matches the rule has one alert, told to everybody under the same id; the ids follow each other. */
export function checkAlerts({ alerts }: ToTell, listeners: readonly Listener[]): Violation[] {
  const violations: Violation[] = []
  const byId = new Map<string, string>()
  for (const [index, listener] of listeners.entries())
    for (const [turn, heard] of listener.heard.entries()) {
      const fault = alertFault(heard, turn === 0 ? 1 : Number(heard[0]?.id ?? 1), byId)
      if (fault !== undefined) violations.push(broken(`listener ${index}: ${fault}`))
    }
  const told = Map.groupBy(byId.values(), data => data)
  for (const [data, times] of told) {
    if (times.length > 1) violations.push(broken(`${data} has ${times.length} alerts`))
    if (!alerts.has(data)) violations.push(broken(`an alert of what nobody took: ${data}`))
  }
  for (const json of alerts) if (!told.has(json)) violations.push(broken(`${json} has no alert`))
  return violations
}

function alertFault(heard: readonly Heard[], first: number, byId: Map<string, string>): string | undefined {
  for (const [place, { id, event, data }] of heard.entries()) {
    const known = byId.get(id) ?? data
    byId.set(id, known)
    if (event !== 'alert' || id !== String(first + place)) return `${event} ${id} where ${first + place} comes next`
    if (known !== data) return `alert ${id} is ${known} and ${data}`
  }
  return undefined
}

/** Each rocket's numbers follow each other from the first that was told, each with its state. */
export function checkChanges({ states }: ToTell, listeners: readonly Listener[]): Violation[] {
  return listeners.flatMap(({ heard }, index) =>
    heard.flatMap(some =>
      [...Map.groupBy(some, ({ event, data }) => (event === 'state' ? channelOf(data) : event))].flatMap(
        ([channel, of]) => {
          const fault = changeFault(of, states.get(channel) ?? [])
          return fault === undefined ? [] : [broken(`listener ${index}, ${channel}: ${fault}`)]
        },
      ),
    ),
  )
}

function changeFault(heard: readonly Heard[], states: readonly string[]): string | undefined {
  const first = numberOf(heard[0]?.data ?? '{}') - 1
  const index = heard.findIndex(({ data }, place) => data !== states[first + place])
  return index === -1 ? undefined : `was told ${heard[index]?.data} where ${states[first + index]} comes next`
}

/** Whether a listener knows all that there is: what isn't told by the end of the run is missing. */
export function isThrough({ alerts, states }: ToTell, { path, heard, lastId }: Listener): boolean {
  if (path === '/alerts') return lastId === String(alerts.size)
  const last = new Map((heard.at(-1) ?? []).map(({ data }) => [channelOf(data), numberOf(data)]))
  const channels = path === '/rockets' ? [...states.keys()] : [path.slice('/rockets/'.length)]
  return channels.every(channel => last.get(channel) === states.get(channel)?.length)
}

const channelOf = (data: string) => (JSON.parse(data) as Partial<RocketState>).channel ?? ''
const numberOf = (data: string) => (JSON.parse(data) as Partial<RocketState>).messageNumber ?? 0

import { type Conditions, compileConditions, type Predicate } from './condition.ts'
import { type Environment, type FromEnvironment, isFromEnvironment, textOf } from './env.ts'
import type { Fault } from './fault.ts'
import type { SchemaNode } from './path.ts'
import { parseDurationMs } from './time.ts'

/** What is said when an event is first applied, and is as described: once for each rule and event. */
export type Alert<Kind extends string = string> = {
  /** Event types that it is about; without it all are. */
  readonly types?: Kind | readonly Kind[]
  /** What the event must be, by path. */
  readonly when?: Conditions
  /** What the state after the event must be, by path. */
  readonly state?: Conditions
  /** Where the API streams it; `/alerts`, unless told otherwise. Rules may share a stream. */
  readonly stream?: string
  /** The topic that it is produced to, where Kafka is configured. */
  readonly topic?: string | FromEnvironment
  /** What is told: the event as it came (the default), or `{ rule, key, sequence, event, state }`. */
  readonly content?: 'event' | 'event-and-state'
  /** How long it can be asked for again, such as `'30d'`, the default. */
  readonly keep?: string
}

export type CompiledAlert = {
  readonly rule: string
  readonly matches: (event: unknown, type: string) => boolean
  /** Of the state after the event; undefined where the rule doesn't look at it. */
  readonly stateMatches: Predicate | undefined
  readonly needsState: boolean
  readonly stream: string
  readonly topic: string | undefined
  readonly content: 'event' | 'event-and-state'
  readonly keepMs: number
}

export type AlertContext = {
  readonly environment: Environment
  readonly schemas: ReadonlyMap<string, SchemaNode>
  /** Of the feed's state, where it has one. */
  readonly stateSchema: SchemaNode | undefined
  readonly isTyped: boolean
  /** The topic that the feed is read from, where it is. */
  readonly readTopic: string | undefined
}

const STREAM = '/alerts'
const KEEP = '30d'

export function compileAlert(rule: string, alert: Alert, context: AlertContext, faults: Fault[]): CompiledAlert {
  const place = `alerts.${rule}`
  const { environment, schemas, stateSchema, isTyped } = context
  const fault = (at: string, message: string) => void faults.push({ place: `${place}.${at}`, message })
  const types = alert.types === undefined ? undefined : new Set([alert.types].flat())
  for (const type of types ?? []) if (!isTyped || !schemas.has(type)) fault('types', `there is no event type ${type}`)
  const eventSchemas = [...schemas].flatMap(([type, schema]) => (types?.has(type) === false ? [] : [schema]))
  const whenContext = { environment, schemas: eventSchemas, place: `${place}.when` }
  const eventMatches = alert.when === undefined ? undefined : compileConditions(alert.when, whenContext, faults)
  const stateContext = { environment, schemas: stateSchema === undefined ? [] : [stateSchema], place: `${place}.state` }
  const stateMatches = alert.state === undefined ? undefined : compileConditions(alert.state, stateContext, faults)
  const content = alert.content ?? 'event'
  if (content !== 'event' && content !== 'event-and-state') fault('content', "is 'event' or 'event-and-state'")
  const needsState = stateMatches !== undefined || content === 'event-and-state'
  if (needsState && stateSchema === undefined)
    fault(alert.state === undefined ? 'content' : 'state', 'the feed has no state')
  if (types === undefined && eventMatches === undefined && stateMatches === undefined)
    faults.push({ place, message: 'a rule says when: by types, when or state' })
  const topic = topicOf(alert.topic, environment, fault)
  if (topic !== undefined && topic === context.readTopic)
    fault('topic', 'the feed is read from it: its alerts would be its events')
  const keepMs = parseDurationMs(String(alert.keep ?? KEEP))
  if (keepMs === undefined) fault('keep', "expected a number and a unit, such as '30d'")
  return {
    rule,
    matches: (event, type) => (types === undefined || types.has(type)) && (eventMatches?.(event) ?? true),
    stateMatches,
    needsState,
    stream: streamOf(alert.stream ?? STREAM, fault),
    topic,
    content,
    keepMs: keepMs ?? 0,
  }
}

type Tell = (at: string, message: string) => void

function streamOf(path: unknown, fault: Tell): string {
  if (typeof path === 'string' && /^\/[A-Za-z0-9/_-]*[A-Za-z0-9_-]$/.test(path)) return path
  fault('stream', "a path starts with / and doesn't end with one")
  return STREAM
}

function topicOf(topic: unknown, environment: Environment, fault: Tell): string | undefined {
  if (topic === undefined) return undefined
  const name = isFromEnvironment(topic) ? textOf(topic, environment) : topic
  if (typeof name === 'string' && /^[A-Za-z0-9._-]{1,249}$/.test(name)) return name
  fault('topic', "a topic's name has letters, digits, '.', '_' and '-', 249 at most")
  return undefined
}

/** What an alert tells, as JSON; the event as it came. */
export function contentOf(
  { rule, content }: CompiledAlert,
  { raw, key, sequence, state }: { raw: string; key: string | null; sequence: number; state: object | undefined },
): string {
  if (content === 'event') return raw
  const about = JSON.stringify({ rule, key, sequence }).slice(0, -1)
  return `${about},"event":${raw},"state":${JSON.stringify(state)}}`
}

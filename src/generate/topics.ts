import type { CompiledFeed } from '../feed/compile.ts'
import { merge, type Shape, shapeOf, shapeOfAll } from './shape.ts'

/** A topic of the feeds, theirs or one of their alerts, and what its values are. */
export type Topic = {
  readonly name: string
  readonly value: Shape
  /** Whether its records have the event's key for their own. */
  readonly isKeyed: boolean
}

/** In the feeds' order; one that several write has what any of them writes. */
export function topicsOf(feeds: readonly CompiledFeed[]): Topic[] {
  const topics = new Map<string, Topic>()
  for (const topic of feeds.flatMap(ofFeed)) {
    const known = topics.get(topic.name)
    if (known === undefined) topics.set(topic.name, topic)
    else {
      const value = merge(known.value, topic.value)
      topics.set(topic.name, { name: topic.name, value, isKeyed: known.isKeyed || topic.isKeyed })
    }
  }
  return [...topics.values()]
}

function ofFeed(feed: CompiledFeed): Topic[] {
  const event = shapeOfAll(feed.schemas.values())
  const isKeyed = feed.identity.keyOf !== undefined
  const source = feed.source.topic
  const alerts = feed.alerts.flatMap(({ topic, content }) =>
    topic === undefined ? [] : [{ name: topic, value: content === 'event' ? event : withState(feed, event), isKeyed }],
  )
  return source === undefined ? alerts : [{ name: source.name, value: event, isKeyed }, ...alerts]
}

/** As an alert tells it whose rule asks for the state. */
function withState({ state }: CompiledFeed, event: Shape): Shape {
  const fields: [string, Shape][] = [
    ['rule', { kind: 'text' }],
    ['key', { kind: 'text' }],
    ['sequence', { kind: 'bigint' }],
    ['event', event],
  ]
  if (state !== undefined) fields.push(['state', shapeOf(state.schema)])
  return { kind: 'struct', fields: new Map(fields) }
}

/** `wanted`, or with the first number behind it that nobody has yet; then it is taken. */
export function untaken(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let number = 2; taken.has(name); number++) name = `${wanted}_${number}`
  taken.add(name)
  return name
}

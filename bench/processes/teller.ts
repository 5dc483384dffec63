/** Sends events and listens to what is told of them, on one clock. */
import { setTimeout as delay } from 'node:timers/promises'
import { ProduceAcks, Producer } from '@platformatic/kafka'
import { partitionOf } from '../../src/sequencer/lane.ts'
import { Connection } from '../load/connection.ts'
import { Fleet } from '../load/fleet.ts'
import { another } from '../load/open-loop.ts'
import { PARTITIONS } from '../load/records.ts'
import { postOf } from '../load/request.ts'
import { StreamClient } from '../load/stream-client.ts'
import { atRate, Hearing, nameOf } from '../load/told.ts'
import { TopicTail } from '../load/topic-tail.ts'
import { serve } from './serve.ts'

type Traffic = { readonly seed: number; readonly keys: number; readonly perSecond: number; readonly seconds: number }
type Place = { readonly brokers: string; readonly topic: string }

/** So many of the clients look at each message; the others count them. */
const LOOKING_MAX = 20
const TOLD_MS_MAX = 60_000

const hearing = new Hearing()
let clients: StreamClient[] = []
let tail: TopicTail | undefined

const heard = (): number[] => [
  ...clients.map(({ messages }) => messages),
  ...(tail === undefined ? [] : [tail.messages]),
]

const handlers = {
  listen: async ({ port, count }: { port: number; count: number }) => {
    for (let index = 0; index < count; index++) {
      const onData = index < LOOKING_MAX ? (data: string) => hearing.heard(data) : undefined
      clients.push(await StreamClient.open(port, '/alerts', onData))
    }
  },
  /** The topic itself: what anybody's consumer would see, as soon as it can. */
  tail: async (place: Place) => {
    tail = await TopicTail.open(place, data => hearing.heard(data))
  },
  leave: async () => {
    for (const client of clients) client.close()
    clients = []
    await tail?.close()
    tail = undefined
  },
  post: async ({ port, ...traffic }: Traffic & { port: number }) => {
    const idle = await Promise.all(Array.from({ length: 64 }, () => Connection.open(port)))
    const all = [...idle]
    const posts = eventsOf(traffic).map(body => ({ name: nameOf(body.toString()), bytes: postOf(port, body) }))
    const result = await listenFor(traffic, posts, async ({ name, bytes }, dueMs) => {
      hearing.due(name, dueMs)
      const connection = idle.shift() ?? (await another(port, all))
      const { status, body } = await connection.send(bytes)
      if (status !== 200) throw new Error(`${status} ${body}`)
      idle.push(connection)
    })
    for (const connection of all) connection.close()
    return result
  },
  produce: async ({ brokers, topic, ...traffic }: Traffic & Place) => {
    const producer = new Producer({ clientId: 'bench-teller', bootstrapBrokers: [brokers], acks: ProduceAcks.ALL })
    try {
      await producer.metadata({ topics: [topic] })
      const events = eventsOf(traffic).map(value => {
        const name = nameOf(value.toString())
        const key = name.slice(0, name.indexOf('#'))
        return { name, message: { topic, key: Buffer.from(key), value, partition: partitionOf(key, PARTITIONS) } }
      })
      // One request at a time, of all that came meanwhile: so an event's followers are never before it.
      const waiting: (typeof events)[number]['message'][] = []
      let sending: Promise<unknown> | undefined
      const flush = async (): Promise<void> => {
        while (waiting.length > 0) await producer.send({ messages: waiting.splice(0) })
        sending = undefined
      }
      return await listenFor(traffic, events, ({ name, message }, dueMs) => {
        hearing.due(name, dueMs)
        waiting.push(message)
        sending ??= flush()
        return sending
      })
    } finally {
      await producer.close()
    }
  },
}
export type TellerMethods = typeof handlers

/** New rockets' launches, then what else they say. */
function eventsOf({ seed, keys, perSecond, seconds }: Traffic): Buffer[] {
  const fleet = new Fleet(seed, keys)
  return [...fleet.launches(), ...fleet.messages(Math.max(0, perSecond * seconds - keys))]
}

/** Sends all at the rate; everybody must be told everything, once. */
async function listenFor<Item>(
  { perSecond }: Traffic,
  items: readonly Item[],
  send: (item: Item, dueMs: number) => Promise<unknown>,
) {
  hearing.begin()
  const before = heard()
  const started = performance.now()
  await atRate(items, perSecond, send)
  const overdue = performance.now() + TOLD_MS_MAX
  const counts = () => heard().map((count, index) => count - (before[index] ?? 0))
  while (counts().some(count => count < items.length)) {
    if (performance.now() > overdue)
      throw new Error(`void: ${Math.min(...counts())} of ${items.length} were told to somebody`)
    await delay(5)
  }
  const seconds = (performance.now() - started) / 1000
  if (counts().some(count => count > items.length)) throw new Error('void: something was told twice')
  return { ...hearing.told(), events: items.length, seconds, deliveries: items.length * before.length }
}

serve(handlers)

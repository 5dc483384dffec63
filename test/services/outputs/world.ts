/** A database, a topic and a feed whose alerts are for it; and the check that they are all there, once and in order. */
import { randomBytes } from 'node:crypto'
import type { Random } from '../../../simulators/rockets/random.ts'
import { createEngine } from '../../../src/engine/engine.ts'
import type { OutputFailpoint } from '../../../src/outputs/failpoint.ts'
import { openStore } from '../../../src/store/store.ts'
import { freshDatabase, type Owner } from '../../database.ts'
import type { Violation } from '../../faults/checker.ts'
import { statement } from '../../faults/observed.ts'
import { newService } from '../../faults/service.ts'
import { alarm, alarmsFeed } from '../../outputs/alarms.ts'
import { until } from '../../until.ts'
import { readCommitted, type StoredRecord } from '../kafka/records.ts'
import { freshTopic, sharedBroker } from '../kafka/shared-broker.ts'

export type World = {
  readonly owner: Owner
  readonly databaseUrl: string
  readonly brokers: string
  readonly topic: string
  readonly feed: string
  /** Raises so many alerts, on one of a few keys each, some of them not for the topic; in one batch. */
  raise(count: number, random?: Random): Promise<void>
  /** The same from the events themselves. */
  send(...events: readonly string[]): Promise<void>
  /** Of the alerts that a rule raised. */
  ids(rule: string): Promise<number[]>
}

const KEYS = 5

export async function newWorld(
  owner: Owner,
  options: { brokers?: string; topic?: string; feed?: string } = {},
): Promise<World> {
  const brokers = options.brokers ?? (await sharedBroker())
  const databaseUrl = await freshDatabase(owner)
  const own = options.brokers === undefined ? {} : { brokers }
  const topic = options.topic ?? (await freshTopic(owner, { partitions: 3, ...own }))
  const feed = options.feed ?? `alarms-${randomBytes(4).toString('hex')}`
  const store = await openStore(databaseUrl)
  const engine = createEngine({ store, feeds: [alarmsFeed(feed, topic)] })
  await engine.start()
  owner.after(async () => {
    await engine.stop()
    await store.close()
  })
  const numbers = new Map<string, number>()
  let turn = 0
  const send = async (...events: readonly string[]) => {
    await engine.submit(feed, { events: events.map(text => Buffer.from(text)), origin: {} })
  }
  const raise = (count: number, random?: Random) =>
    send(
      ...Array.from({ length: count }, () => {
        const key = `key ${random?.below(KEYS) ?? turn++ % KEYS}`
        const number = (numbers.get(key) ?? 0) + 1
        numbers.set(key, number)
        return alarm(key, number, number % 7 === 0 ? 'quiet' : 'loud')
      }),
    )
  const ids = async (rule: string) =>
    (await store.query('select id from groundstation.alert where rule = $1 order by id', [rule])).rows.map(row =>
      Number(row.id),
    )
  return { owner, databaseUrl, brokers, topic, feed, raise, send, ids }
}

type Expected = { readonly id: number; readonly rule: string; readonly key: string; readonly data: string }

/** Resolves when as many records are on the topic as alerts were raised for it; at once if there are more. */
export async function untilDelivered(world: World, msMax = 30_000): Promise<StoredRecord[]> {
  const expected = await raisedFor(world)
  let records: StoredRecord[] = []
  await until(
    'all alerts are on the topic',
    async () => {
      records = await readCommitted(world.brokers, world.topic)
      return records.length >= expected.length
    },
    msMax,
  ).catch(error => {
    throw new Error(`${error.message}: ${records.length} of ${expected.length}`)
  })
  return records
}

/** Once all are there, and whoever delivers has had time to do so twice: each is there once, in order, as it was raised. */
export async function checkDelivered(world: World): Promise<Violation[]> {
  await untilDelivered(world)
  await untilPassed(world)
  const [expected, records] = [await raisedFor(world), await readCommitted(world.brokers, world.topic)]
  const violations: Violation[] = []
  const byId = Map.groupBy(records, ({ headers }) => Number(headers.id))
  for (const { id, rule, key, data } of expected) {
    const there = byId.get(id) ?? []
    if (there.length !== 1) violations.push({ promise: there.length === 0 ? 'L' : 'O', text: `${id}: ${there.length}` })
    for (const { value, key: told, headers } of there)
      if (value !== data || told !== key || headers.rule !== rule || headers.stream !== '/alerts')
        violations.push({ promise: 'F', text: `${id} is another alert` })
  }
  if (records.length > expected.length)
    violations.push({ promise: 'O', text: `${records.length} records of ${expected.length} alerts` })
  for (const [partition, some] of Map.groupBy(records, one => one.partition))
    for (const [index, { headers }] of some.entries())
      if (index > 0 && Number(some[index - 1]?.headers.id) >= Number(headers.id))
        violations.push({ promise: 'S', text: `partition ${partition}: ${headers.id} is behind what follows it` })
  return violations
}

async function raisedFor({ databaseUrl, topic }: World): Promise<Expected[]> {
  const rows = await statement(
    databaseUrl,
    `select id::float8 as id, rule, key, data from groundstation.alert where topic = '${topic}' order by id`,
  )
  return rows as Expected[]
}

/** The database says so as well: who takes over from here finds nothing to do. */
export async function untilPassed({ databaseUrl, topic }: World): Promise<void> {
  await until('the output has passed all of its stream', async () => {
    const [row] = await statement(
      databaseUrl,
      `select o.last_id >= s.last_id as passed from groundstation.output o
       join groundstation.stream s on s.path = o.stream where o.target = '${topic}'`,
    )
    return row?.passed === true
  })
}

type Delivered = Pick<World, 'owner' | 'databaseUrl' | 'brokers' | 'topic' | 'feed'>

export type DeliveringOptions = {
  /** Where it sends itself a signal, the so manieth time that it comes there. */
  readonly point?: OutputFailpoint
  readonly times?: number
  readonly signal?: NodeJS.Signals
  readonly root?: string
}

/** How soon a process that is silent is given up. */
const HOLD_MS = '1000'

/** A process that delivers the feed's alerts; not started yet. */
export const deliverer = (world: Delivered, { point, times = 1, signal = 'SIGKILL', root }: DeliveringOptions = {}) =>
  newService(world.owner, {
    program: 'outputs',
    databaseUrl: world.databaseUrl,
    ...(root === undefined ? {} : { root }),
    env: {
      BROKERS: world.brokers,
      TOPIC: world.topic,
      FEED: world.feed,
      HOLD_MS,
      ...(point === undefined ? {} : { POINT: point, TIMES: String(times), SIGNAL: signal }),
    },
  })

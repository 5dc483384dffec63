/**
 * What whoever tells alerts keeps, whatever way they go: run by the live stream and by each output with the same alerts. One
 * of them is described by what its reader gets, and by how those who tell come and die.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { createEngine } from '../../src/engine/engine.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'
import { until } from '../until.ts'
import { alarm, alarmsFeed } from './alarms.ts'

export type TellingWorld = {
  readonly t: TestContext
  readonly store: Store
  readonly databaseUrl: string
  /** The feed's name, and the topic that some of its alerts are for. */
  readonly feed: string
  readonly topic: string
}

/** An alert as it came out at the other end. */
export type Told = { readonly id: number; readonly data: string }

/** Alerts on their way out, made for one test; nobody tells them yet. */
export type Telling = {
  /** One who tells begins, also where another is at work. */
  begin(): Promise<void>
  /** The one that is at work for the longest dies without a word. */
  kill(): Promise<void>
  /** All that the reader has got so far, in the order in which it came. */
  told(): Promise<readonly Told[]>
}

export type TellerUnderTest = {
  readonly name: string
  /** The rules whose alerts it tells. */
  readonly rules: readonly string[]
  /** The topic that the feed names. */
  topic(t: TestContext): Promise<string>
  open(world: TellingWorld): Telling
}

type Raising = TellingWorld & { send(feed: string, events: readonly string[]): Promise<void> }

const OTHER = 'others'

async function newWorld(t: TestContext, topic: string): Promise<Raising> {
  const databaseUrl = await freshDatabase(t)
  const store = await openStore(databaseUrl)
  const feed = `alarms-${randomBytes(4).toString('hex')}`
  const feeds = [alarmsFeed(feed, topic), alarmsFeed(OTHER, topic, '/others')]
  const engine = createEngine({ store, feeds })
  await engine.start()
  t.after(async () => {
    await engine.stop()
    await store.close()
  })
  const send = async (name: string, events: readonly string[]) => {
    await engine.submit(name, { events: events.map(text => Buffer.from(text)), origin: {} })
  }
  return { t, store, databaseUrl, feed, topic, send }
}

const run = (key: string, first: number, count: number, kind = 'loud'): string[] =>
  Array.from({ length: count }, (_, index) => alarm(key, first + index, kind))

/** Resolves when the reader has got all that was raised, and fails where it has got anything else. */
async function tellsAll({ store, feed }: Raising, { told }: Telling, rules: readonly string[]): Promise<void> {
  const { rows } = await store.query(
    `select id, data from groundstation.alert where stream = '/alerts' and rule = any($2)
     and feed = (select id from groundstation.feed where name = $1) order by id`,
    [feed, rules],
  )
  let got: readonly Told[] = []
  const isAll = async () => {
    got = await told()
    return got.length >= rows.length
  }
  await until('all of it is told', isAll, 30_000).catch(() => undefined)
  assert.deepEqual(
    got.map(({ id }) => id),
    rows.map(({ id }) => id),
  )
  assert.deepEqual(
    // Lines of a stream may end in another way than the event's.
    got.map(({ data }) => data.replace(/\s+/g, ' ')),
    rows.map(({ data }) => String(data).replace(/\s+/g, ' ')),
  )
}

/** `skip`: why it can't be run here. */
export function conformTeller(teller: TellerUnderTest, skip: string | false = false): void {
  const tells = async (t: TestContext) => {
    const world = await newWorld(t, await teller.topic(t))
    const telling = teller.open(world)
    return { ...world, ...telling, all: () => tellsAll(world, telling, teller.rules) }
  }
  describe(`alerts by ${teller.name}`, () => {
    it('are each told once, in order, as they were raised: what was there before included', { skip }, async t => {
      const { send, feed, begin, all } = await tells(t)
      await send(feed, run('before', 1, 3))
      await begin()
      await send(feed, [...run('a', 1, 2), ...run('b', 1, 2, 'quiet'), ...run('c', 1, 2)])
      await send(feed, [
        alarm('d', 1, 'loud', 'ß 🚨 \\ \u2028 "'),
        ' { "key": "d",\r\n\t"number": 2,\n "kind": "loud" }\n',
      ])
      await send(feed, [alarm('e', 1, 'loud', 'x'.repeat(100_000))])
      await send(OTHER, run('a', 1, 5))
      await send(feed, run('a', 3, 1))
      await all()
    })

    it('are told in any number', { skip }, async t => {
      const { send, feed, begin, all } = await tells(t)
      await send(feed, run('a', 1, 2_500))
      await begin()
      await send(feed, run('b', 1, 2_500))
      await all()
    })

    it('go on where they were when whoever told them died, with what was raised meanwhile', { skip }, async t => {
      const { send, feed, begin, kill, all } = await tells(t)
      await begin()
      for (let round = 0; round < 3; round++) {
        await send(feed, run(`key ${round}`, 1, 200))
        await kill()
        await send(feed, run(`key ${round}`, 201, 20))
        await begin()
      }
      await all()
    })

    it('are told once where two tell them, and by the other when one dies', { skip }, async t => {
      const { send, feed, begin, kill, all } = await tells(t)
      await Promise.all([begin(), begin()])
      await send(feed, run('a', 1, 500))
      await all()
      await kill()
      await send(feed, run('b', 1, 500))
      await all()
    })
  })
}

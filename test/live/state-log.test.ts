/** Promise S for states: whoever breaks off wherever, and comes back to whichever process, is told each change once and in order. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { createRandom, type Random } from '../../simulators/rockets/random.ts'
import { type AllPlace, AllStates } from '../../src/api/live/all-states.ts'
import { KeyStates } from '../../src/api/live/key-states.ts'
import type { LiveLog } from '../../src/api/live/log.ts'
import { type LogSizes, StateLog } from '../../src/api/live/state-log.ts'
import type { Query } from '../../src/store/read/query.ts'
import { type Ground, newGround, openGround } from '../engine/ground.ts'
import { seedOf } from '../seed.ts'
import { until } from '../until.ts'
import { expectedLevels, type Level } from './expected-levels.ts'
import { Follower } from './follower.ts'
import { METERS, meter } from './meters.ts'

/** So small that every way is taken: tails, older pages, pages of the list. */
const SMALL: Partial<LogSizes> = { tail: 6, span: 3, olderPage: 4, olderBytes: 2_000, listPage: 3 }
/** What isn't told by then never will be. */
const END_MS_MAX = 5_000
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

const sourceOf = ({ engine, store }: Ground, sizes = SMALL, query: Query = store.query) => {
  const { state } = engine.feeds.get('meters') ?? {}
  if (state === undefined) throw new Error('no state')
  return { log: new StateLog(engine, 'meters', message => assert.fail(message), sizes), query, state }
}

/** Sends a few events of random keys: in order, late, behind holes that are released, and repeated. */
function randomBatch(random: Random, sent: Map<string, number[]>): string[] {
  return Array.from({ length: 1 + random.below(12) }, () => {
    const key = KEYS[random.below(KEYS.length)] as string
    const numbers = sent.get(key) ?? []
    const highest = Math.max(0, ...numbers)
    const number = random.chance(0.3)
      ? 1 + random.below(highest + 1)
      : highest + 1 + random.below(random.chance(0.2) ? 3 : 1)
    sent.set(key, [...numbers, number])
    // What it says follows from its number: a repeat is a repeat.
    return meter(key, number, (number * 7) % 11, number % 2 === 0 ? 'even' : 'odd')
  })
}

/** Each key's messages are the last so many of those that the record gives, without one missing or twice. */
function assertTold(
  follower: Follower<unknown>,
  expected: ReadonlyMap<string, Level[]>,
  keys: readonly string[],
): void {
  assert.ok(follower.told.every(({ event }) => event === 'state'))
  const told = Map.groupBy(
    follower.told.map(({ data }) => JSON.parse(data) as Level),
    level => level.meter,
  )
  for (const key of keys) {
    const of = told.get(key) ?? []
    const levels = expected.get(key) ?? []
    assert.ok(of.length > 0 || levels.length === 0, `nothing was told of ${key}`)
    assert.deepEqual(of.at(-1), levels.at(-1), `${key} isn't told to its end`)
    assert.deepEqual(of, levels.slice(levels.length - of.length), key)
  }
}

const isAtEnd = (follower: Follower<unknown>, expected: ReadonlyMap<string, Level[]>, keys: readonly string[]) => {
  const told = Map.groupBy(follower.told, ({ data }) => (JSON.parse(data) as Level).meter)
  return keys.every(key => {
    const last = expected.get(key)?.at(-1)
    return (
      last === undefined || JSON.stringify(last) === JSON.stringify(JSON.parse(told.get(key)?.at(-1)?.data ?? '{}'))
    )
  })
}

async function disturbed(t: TestContext, sizes: Partial<LogSizes>, rounds: number): Promise<void> {
  const random = createRandom(seedOf(t, import.meta.filename), 'states')
  const first = await newGround([METERS], { sweepMs: 20 })
  const second = await openGround(first.url, [METERS])
  const grounds = [first, second]
  const sources = grounds.map(ground => sourceOf(ground, sizes))
  const all = sources.map(source => new AllStates(source))
  const one = sources.map(source => new KeyStates(source, 'a'))
  await first.send('meters', meter('a', 1, 7, 'odd'))
  const sent = new Map([['a', [1]]])
  const followers = Array.from({ length: 6 }, () => new Follower<unknown>())
  const logOf = (index: number): LiveLog<unknown> => (index < 4 ? all : one)[random.below(2)] as LiveLog<unknown>
  for (let round = 0; round < rounds; round++) {
    const index = random.below(followers.length)
    const sending = (grounds[random.below(2)] as Ground).send('meters', ...randomBatch(random, sent))
    const taking = followers[index]?.take(logOf(index), 1 + random.below(random.chance(0.5) ? 3 : 30))
    // Side by side as often as one after the other.
    if (random.chance(0.5)) await taking
    await Promise.all([sending, taking])
  }
  const keysOf = (index: number) => (index < 4 ? KEYS : ['a'])
  // What is still held is released, and stays so: nothing is sent any more.
  let expected = await expectedLevels(first)
  for (;;) {
    const held = await first.value('select count(*) from groundstation.held_event')
    expected = await expectedLevels(first)
    if (held === 0) break
  }
  const overdue = performance.now() + END_MS_MAX
  await Promise.all(
    followers.map((follower, index) =>
      follower.stay(logOf(index), () => isAtEnd(follower, expected, keysOf(index)) || performance.now() > overdue),
    ),
  )
  for (const [index, follower] of followers.entries()) assertTold(follower, expected, keysOf(index))
}

describe('S: each change of a state is told once and in order', () => {
  test('from pages, tails and lists, over two processes and any number of reconnects', t => disturbed(t, SMALL, 60))

  test('also where a page of the list is old when it comes, and others wait for it', async () => {
    const ground = await newGround([METERS])
    const held = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    let isHeld = false
    const source = sourceOf(ground, SMALL, async (text, values, name) => {
      const answer = await ground.store.query(text, values, name)
      if (isHeld && name?.startsWith('list-standings')) {
        asked.resolve()
        await held.promise
      }
      return answer
    })
    const slow = new AllStates(source)
    const quick = new AllStates(sourceOf(ground))
    const keys = KEYS.slice(0, 6)
    await ground.send('meters', ...keys.map(key => meter(key, 1)))
    const first = new Follower<AllPlace>()
    const second = new Follower<AllPlace>()
    await Promise.all([first.take(slow, 3), second.take(quick, 3)])
    const listed = JSON.parse(first.told[0]?.data ?? '{}').meter as string
    const behind = Array.from({ length: 4 }, (_, index) => meter(listed, 2 + index))
    const leave = source.log.join()
    const readUpTo = (count: number) =>
      until('the log has read', async () => source.log.ends()?.reduce((sum, end) => sum + end, 0) === count)
    await readUpTo(6)
    await ground.send('meters', ...behind.slice(0, 2))
    isHeld = true
    const waiting = first.take(slow)
    await asked.promise
    await ground.send('meters', ...behind.slice(2))
    await readUpTo(10)
    while (second.told.length < 6) await second.take(quick, 1)
    isHeld = false
    const joined = Promise.withResolvers<void>()
    const rest = second.take({
      start: id => slow.start(id),
      idOf: place => slow.idOf(place),
      changed: () => slow.changed(),
      join: () => slow.join(),
      after: place => {
        const chunk = slow.after(place)
        joined.resolve()
        return chunk
      },
    })
    await joined.promise
    held.resolve()
    await Promise.all([waiting, rest])
    const expected = await expectedLevels(ground)
    for (const follower of [first, second]) {
      await follower.stay(slow, () => isAtEnd(follower, expected, keys))
      assertTold(follower, expected, keys)
    }
    leave()
  })

  test('or is told to begin again, where it is too far behind', async () => {
    const ground = await newGround([METERS])
    const source = sourceOf(ground, { ...SMALL, behindMax: 20, keyBehindMax: 20 })
    const logs: readonly LiveLog<unknown>[] = [new AllStates(source), new KeyStates(source, 'a')]
    const numbers = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => meter('a', from + index))
    await ground.send('meters', meter('a', 1))
    for (const [index, log] of logs.entries()) {
      const follower = new Follower<unknown>()
      await follower.take(log, 1)
      const from = 2 + index * 100
      await ground.send('meters', ...numbers(from, from + 19))
      await follower.stay(log, () => follower.told.length >= 21)
      assert.ok(follower.told.every(({ event }) => event === 'state'))
      await ground.send('meters', ...numbers(from + 20, from + 99))
      await follower.stay(log, () => follower.told.length >= 23)
      assert.deepEqual(
        follower.told.slice(21).map(({ event, data }) => [event, JSON.parse(data).sequence]),
        [
          ['reset', undefined],
          ['state', from + 99],
        ],
      )
    }
  })
})

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import rockets from '../../feeds/rockets.ts'
import { foldEvents } from '../../simulators/rockets/expect.ts'
import type { RocketEvent } from '../../simulators/rockets/message.ts'
import { rocketTraffic } from '../../simulators/rockets/traffic.ts'
import type { Outcome } from '../../src/engine/contract.ts'
import { present } from '../../src/feed/state.ts'
import { findState } from '../../src/store/read/states.ts'
import { freshDatabase } from '../database.ts'
import { check } from '../seed.ts'
import { type Ground, openGround } from './ground.ts'

const TABLES: Readonly<Record<string, string>> = {
  RocketLaunched: 'rocket_launched',
  RocketSpeedIncreased: 'speed_change',
  RocketSpeedDecreased: 'speed_change',
  RocketExploded: 'rocket_exploded',
  RocketMissionChanged: 'mission_changed',
}
const fast = { ...rockets, declaration: { ...rockets.declaration, gaps: { wait: '1ms' } } }

const runs = fc.record({
  seed: fc.nat(),
  rockets: fc.integer({ min: 1, max: 9 }),
  maxMessages: fc.integer({ min: 1, max: 250 }),
  duplicates: fc.constantFrom(0, 0.1, 0.6),
  repeatWithin: fc.integer({ min: 1, max: 60 }),
  disorder: fc.constantFrom(0, 3, 40),
  gaps: fc.constantFrom(0, 0.05),
  lateGaps: fc.constantFrom(0, 0.1, 0.4),
  invalid: fc.constantFrom(0, 0.1),
  batch: fc.constantFrom(1, 7, 60),
  submitters: fc.integer({ min: 1, max: 4 }),
})

/** Sends what the traffic gives, in batches, over as many submitters at once, to the engines in turn. */
async function sendAll(grounds: readonly Ground[], given: { batch: number; submitters: number }, sent: string[]) {
  const outcomes: Outcome[] = []
  const batches = Array.from({ length: Math.ceil(sent.length / given.batch) }, (_, index) =>
    sent.slice(index * given.batch, (index + 1) * given.batch),
  )
  let next = 0
  const submitter = async () => {
    for (let index = next++; index < batches.length; index = next++)
      outcomes.push(...((await grounds[index % grounds.length]?.send('rockets', ...(batches[index] ?? []))) ?? []))
  }
  await Promise.all(Array.from({ length: given.submitters }, submitter))
  return outcomes
}

/** Waits for the sweeps to release what waits, by asking the database. */
async function released(ground: Ground, channels: readonly string[]): Promise<void> {
  for (;;) {
    const held = await ground.value('select count(*) from groundstation.held where key = any($1)', channels)
    if (held === 0) return
    await ground.value('select pg_sleep(0.01)')
  }
}

async function compare(ground: Ground, events: readonly RocketEvent[]): Promise<void> {
  const expected = foldEvents(events)
  const state = ground.engine.feeds.get('rockets')?.state
  assert.ok(state)
  const channels: string[] = []
  for (const wanted of expected.states()) {
    const standing = await findState(ground.store.query, 'rockets', wanted.channel)
    assert.ok(standing)
    assert.deepEqual(present(state, standing), wanted)
    channels.push(wanted.channel)
  }
  const distinct = new Map(events.map(event => [`${event.channel}:${event.number}`, event]))
  for (const table of new Set(Object.values(TABLES))) {
    const rows = await ground.rows(
      `select channel, messagenumber from ${table} where channel::text = any($1)`,
      channels,
    )
    const wanted = [...distinct].filter(([, { type }]) => TABLES[type] === table).map(([id]) => id)
    assert.deepEqual(rows.map(row => `${row.channel}:${row.messagenumber}`).sort(), wanted.sort(), table)
  }
  const recorded = await ground.value('select count(*) from groundstation.record where key = any($1)', channels)
  assert.equal(recorded, distinct.size)
}

async function gaplessPositions(ground: Ground): Promise<void> {
  const rows = await ground.rows(`
    select l.lane from groundstation.lane l left join groundstation.event e on e.feed = l.feed and e.lane = l.lane
    group by l.feed, l.lane, l.position
    having l.position <> count(e.position) or l.position <> count(distinct e.position) or coalesce(max(e.position), 0) <> l.position`)
  assert.deepEqual(rows, [])
}

for (const engines of [1, 2]) {
  const grounds: Ground[] = []
  const url = await freshDatabase({ after })
  const options = { sweepMs: 5, limits: { batchEventsMax: 40 }, writers: 3, keysRemembered: 20 }
  for (let index = 0; index < engines; index++) grounds.push(await openGround(url, [fast], options))

  describe(`rockets through ${engines === 1 ? 'one engine' : 'two engines at once'}`, () => {
    it('rules 1, 2, 4 and 7: any order, repetition and batching gives the fold of the distinct events, and a row for each', () =>
      check(
        import.meta.filename,
        fc.asyncProperty(runs, async options => {
          const [ground] = grounds
          assert.ok(ground)
          const postings = [...rocketTraffic({ ...options, now: () => 1_645_000_000_000 }).postings]
          const events = postings.filter(({ kind }) => kind !== 'invalid').map(posting => posting.event)
          await ground.store.query(
            'truncate groundstation.key, groundstation.event, groundstation.held_event, groundstation.closed_hole, groundstation.snapshot, rocket_launched, speed_change, rocket_exploded, mission_changed',
          )
          await ground.store.query('update groundstation.lane set position = 0, version = version + 1')
          const outcomes = await sendAll(
            grounds,
            options,
            postings.map(({ json }) => json),
          )
          const counted = (kind: string) => outcomes.filter(({ outcome }) => outcome === kind).length
          const distinct = new Set(events.map(({ channel, number }) => `${channel}:${number}`)).size
          assert.equal(counted('accepted') + counted('held'), distinct)
          assert.equal(counted('duplicate'), events.length - distinct)
          assert.equal(counted('rejected'), postings.length - events.length)
          await released(ground, [...new Set(events.map(({ channel }) => channel))])
          await compare(ground, events)
          await gaplessPositions(ground)
        }),
        engines === 1 ? 15 : 8,
      ))
  })
}

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Expectations, foldEvents, type RocketState } from '../../simulators/rockets/expect.ts'
import { writeExpectations } from '../../simulators/rockets/expect-file.ts'
import type { RocketEvent, RocketPayload } from '../../simulators/rockets/message.ts'
import { rocketTraffic } from '../../simulators/rockets/traffic.ts'
import { check, traffic } from './random-runs.ts'

const channel = '193270a9-c9cf-404a-8f83-838e71d9ae67'
const at = (number: number, payload: RocketPayload): RocketEvent => ({
  channel,
  number,
  time: `t${number}`,
  ...payload,
})
const launch = (number: number, type = 'Falcon-9') =>
  at(number, { type: 'RocketLaunched', message: { type, launchSpeed: 500, mission: 'ARTEMIS' } })
const faster = (number: number, by: number) => at(number, { type: 'RocketSpeedIncreased', message: { by } })
const slower = (number: number, by: number) => at(number, { type: 'RocketSpeedDecreased', message: { by } })
const explode = (number: number, reason: string) => at(number, { type: 'RocketExploded', message: { reason } })
const mission = (number: number, newMission: string) =>
  at(number, { type: 'RocketMissionChanged', message: { newMission } })

/** Written the other way round from the fold: each field is looked for in the whole history. */
function naive(events: readonly RocketEvent[]): RocketState {
  const ordered = [...new Map(events.map(event => [event.number, event])).values()].sort((a, b) => a.number - b.number)
  const last = ordered.at(-1)
  assert.ok(last)
  const bang = ordered.findIndex(event => event.type === 'RocketExploded')
  const alive = bang < 0 ? ordered : ordered.slice(0, bang)
  const first = alive.find(event => event.type === 'RocketLaunched')
  const start = first ? alive.indexOf(first) : -1
  const speeds = alive.slice(start + 1).map(({ type, message }) => {
    const by = 'by' in message ? message.by : 0
    return type === 'RocketSpeedDecreased' ? -by : by
  })
  const missions = alive
    .slice(start + 1)
    .flatMap(({ message }) => ('newMission' in message ? [message.newMission] : []))
  const reason = bang < 0 ? undefined : ordered[bang]?.message
  return {
    channel: last.channel,
    type: first?.type === 'RocketLaunched' ? first.message.type : null,
    speed: speeds.reduce(
      (speed, by) => Math.max(0, speed + by),
      first?.type === 'RocketLaunched' ? first.message.launchSpeed : 0,
    ),
    mission: missions.at(-1) ?? (first?.type === 'RocketLaunched' ? first.message.mission : null),
    exploded: bang >= 0,
    reason: reason && 'reason' in reason ? reason.reason : null,
    messageNumber: last.number,
    messageTime: last.time,
    complete: ordered.length === last.number,
  }
}

describe('expectations', () => {
  it('equal a naive fold of what was sent, whatever the disturbance', () => {
    check(
      'expect.test.ts',
      fc.property(traffic, options => {
        const { postings, expected } = rocketTraffic({ ...options, now: () => 7 })
        const events = [...postings].filter(posting => posting.kind !== 'invalid').map(posting => posting.event)
        const states = [...expected.states()]
        const rockets = Map.groupBy(events, event => event.channel)
        assert.equal(states.length, rockets.size)
        for (const state of states) assert.deepEqual(state, naive(rockets.get(state.channel) ?? []))
        assert.deepEqual([...foldEvents(events).states()], states)
      }),
    )
  })

  const fold = (...events: RocketEvent[]) => foldEvents(events).get(channel)
  const cases: [string, RocketState | undefined, Partial<RocketState>][] = [
    ['a second launch changes nothing', fold(launch(1), launch(2, 'Soyuz')), { type: 'Falcon-9', messageNumber: 2 }],
    ['speed never falls below 0', fold(launch(1), slower(2, 900), faster(3, 10)), { speed: 10, complete: true }],
    [
      'nothing changes after an explosion, but the number goes on',
      fold(launch(1), explode(2, 'A'), faster(3, 5), explode(4, 'B'), mission(5, 'X')),
      { speed: 500, reason: 'A', mission: 'ARTEMIS', messageNumber: 5, messageTime: 't5' },
    ],
    ['a missing launch', fold(faster(2, 5)), { type: null, mission: null, speed: 5, complete: false }],
    ['a hole', fold(launch(1), faster(3, 5)), { messageNumber: 3, complete: false }],
    ['any order and repeats', fold(faster(2, 5), launch(1), faster(2, 5)), { speed: 505, complete: true }],
    ['capitals', fold({ ...launch(1), channel: channel.toUpperCase() }), { channel }],
  ]
  for (const [name, state, wanted] of cases) {
    it(`follow the rules: ${name}`, () => {
      assert.ok(state)
      assert.deepEqual({ ...state, ...wanted }, state)
    })
  }

  it('count the holes, and refuse events that come out of order', () => {
    const expected = new Expectations()
    for (const event of [launch(2), faster(5, 1)]) expected.add(event)
    assert.equal(expected.holes, 3)
    assert.throws(() => expected.add(faster(4, 1)), RangeError)
  })

  it('are written as one JSON document', async t => {
    const folder = await mkdtemp(join(tmpdir(), 'expect-'))
    t.after(() => rm(folder, { recursive: true }))
    const { postings, expected, tally } = rocketTraffic({ seed: 4, maxMessages: 300, gaps: 0.1 })
    for (const _ of postings);
    const path = join(folder, 'states.json')
    await writeExpectations(path, { seed: 4, finished: true, totals: tally }, expected)
    const { rockets, ...head } = JSON.parse(await readFile(path, 'utf8'))
    assert.deepEqual(rockets, [...expected.states()])
    assert.deepEqual(head, { seed: 4, finished: true, totals: { ...tally }, holes: expected.holes })
  })
})

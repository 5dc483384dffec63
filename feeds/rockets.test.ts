import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertOrderIndependent, foldFeed } from 'groundstation/testing'
import rockets from './rockets.ts'

const channel = '193270a9-c9cf-404a-8f83-838e71d9ae67'
const message = (messageNumber: number, messageType: string, message: object) => ({
  metadata: { channel, messageNumber, messageTime: `2022-02-02T19:39:0${messageNumber}.863370000+01:00`, messageType },
  message,
})
const launch = (number: number, type = 'Falcon-9') =>
  message(number, 'RocketLaunched', { type, launchSpeed: 500, mission: 'ARTEMIS' })
const faster = (number: number, by: number) => message(number, 'RocketSpeedIncreased', { by })
const slower = (number: number, by: number) => message(number, 'RocketSpeedDecreased', { by })
const explode = (number: number, reason: string) => message(number, 'RocketExploded', { reason })
const mission = (number: number, newMission: string) => message(number, 'RocketMissionChanged', { newMission })
const fold = (...events: object[]) => foldFeed(rockets, events).states.get(channel)

describe('rockets', () => {
  it('launch with their type, speed and mission', () =>
    assert.deepEqual(fold(launch(1)), {
      channel,
      type: 'Falcon-9',
      speed: 500,
      mission: 'ARTEMIS',
      exploded: false,
      reason: null,
      messageNumber: 1,
      messageTime: '2022-02-02T19:39:01.863370000+01:00',
      complete: true,
    }))

  it('launch once', () => assert.equal(fold(launch(1), launch(2, 'Starship'))?.type, 'Falcon-9'))

  it('never fly slower than 0', () => assert.equal(fold(launch(1), slower(2, 900), faster(3, 10))?.speed, 10))

  it('change no more once they have exploded, but for their number', () => {
    const state = fold(launch(1), explode(2, 'A'), faster(3, 5), explode(4, 'B'), mission(5, 'X'))
    assert.deepEqual([state?.speed, state?.mission, state?.reason, state?.messageNumber], [500, 'ARTEMIS', 'A', 5])
  })

  it('are the same in any order of their messages, with repeats, and with holes', () => {
    const messages = [launch(1), faster(2, 70), slower(3, 900), mission(4, 'X'), faster(5, 5), explode(6, 'A')]
    assertOrderIndependent(rockets, messages)
    assertOrderIndependent(
      rockets,
      messages.filter((_, index) => index !== 2),
    )
  })

  it('wait for what is missing, and go on without it once the wait is over', () => {
    const messages = [launch(1), faster(3, 5)]
    assert.deepEqual(foldFeed(rockets, messages).held, [{ key: channel, sequence: 3, waitingFor: 2 }])
    const state = foldFeed(rockets, messages, { released: true }).states.get(channel)
    assert.deepEqual([state?.speed, state?.complete], [505, false])
  })

  it('have a row for each message, by its type', () => {
    const { rows } = foldFeed(rockets, [launch(1), slower(2, 5), slower(2, 5), explode(3, 'A')])
    const metadata = (messageNumber: number) => ({ channel, messageNumber })
    assert.deepEqual(
      Object.entries(rows).map(([table, list]) => [table, list.length]),
      [
        ['rocket_launched', 1],
        ['speed_change', 1],
        ['rocket_exploded', 1],
        ['mission_changed', 0],
      ],
    )
    const [change] = rows.speed_change ?? []
    assert.deepEqual({ ...change, ...metadata(2), changeValue: 5 }, change)
  })

  const INVALID: readonly (readonly [string, unknown, string])[] = [
    ['an unknown type', message(1, 'RocketTeleported', {}), '/metadata/messageType'],
    ['number 0', launch(0), '/metadata/messageNumber'],
    [
      'a negative speed',
      message(1, 'RocketLaunched', { type: 'A', launchSpeed: -1, mission: 'B' }),
      '/message/launchSpeed',
    ],
    ['no change', faster(1, 0), '/message/by'],
    ['an empty reason', explode(1, ''), '/message/reason'],
    ['a missing mission', message(1, 'RocketMissionChanged', {}), '/message/newMission'],
  ]
  for (const [name, event, pointer] of INVALID)
    it(`are refused with ${name}`, () => {
      const { rejected } = foldFeed(rockets, [event as object])
      assert.equal(rejected[0]?.refusal.pointer, pointer)
    })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BREAKAGES, breakMessage } from '../../simulators/rockets/breakage.ts'
import { disturb } from '../../simulators/rockets/disturb.ts'
import { generateRockets } from '../../simulators/rockets/generate.ts'
import { jsonOf } from '../../simulators/rockets/message.ts'
import { createRandom } from '../../simulators/rockets/random.ts'
import { rocketTraffic } from '../../simulators/rockets/traffic.ts'
import { check, traffic } from './random-runs.ts'

const now = () => 1_643_830_745_863

describe('disturbed traffic', () => {
  it('is the same for the same seed', () => {
    const run = (options: Parameters<typeof rocketTraffic>[0]) =>
      [...rocketTraffic({ ...options, now }).postings].map(posting => posting.json)
    check(
      'disturb.test.ts',
      fc.property(traffic, options => assert.deepEqual(run(options), run(options))),
    )
  })

  it('keeps the set of distinct events, but for the gaps, and counts what it did', () => {
    check(
      'disturb.test.ts',
      fc.property(traffic, options => {
        const { postings, tally } = rocketTraffic({ ...options, now })
        const sent = [...postings]
        const of = (kind: string) => sent.filter(posting => posting.kind === kind).map(posting => posting.json)
        const [events, duplicates] = [of('event'), of('duplicate')]
        const generated = new Set([...generateRockets({ ...options, now })].map(jsonOf))
        assert.equal(new Set(events).size, events.length)
        assert.ok(events.every(json => generated.has(json)))
        assert.equal(generated.size - events.length, tally.gaps)
        const known = new Set(events)
        assert.ok(duplicates.every(json => known.has(json)))
        assert.ok(of('invalid').every(json => !generated.has(json)))
        const { gaps, late, ...counted } = tally
        const invalid = of('invalid').length
        const total = { sent: sent.length, distinct: events.length, duplicates: duplicates.length, invalid }
        assert.deepEqual(counted, total)
        assert.ok(late <= options.lateMax)
      }),
    )
  })

  it('repeats as many as it was told to, each after the first and within the window', () => {
    const events = generateRockets({ seed: 6, maxMessages: 500, now })
    const sent = [...disturb(events, { seed: 6, duplicates: 1, repeatWithin: 20 })]
    assert.equal(sent.length, 1_000)
    const firsts = new Map<string, number>()
    sent.forEach(({ kind, json }, place) => {
      if (kind === 'event') firsts.set(json, place)
      else assert.ok(place > (firsts.get(json) ?? place))
    })
    assert.equal(firsts.size, 500)
  })

  it('leaves the gaps where they are when another trouble is switched on', () => {
    const gapsOf = (more: object) => {
      const { postings } = rocketTraffic({ seed: 5, maxMessages: 2_000, gaps: 0.1, now, ...more })
      return new Set([...postings].filter(posting => posting.kind === 'event').map(posting => posting.json))
    }
    assert.deepEqual(gapsOf({ duplicates: 0.3, disorder: 40, invalid: 0.2 }), gapsOf({}))
  })

  it('moves no message by as many places as the window has, and does move them', () => {
    const events = [...generateRockets({ seed: 3, maxMessages: 3_000, now })]
    const moved = [...disturb(events, { seed: 3, disorder: 50 })].map((posting, place) =>
      Math.abs(events.indexOf(posting.event) - place),
    )
    assert.ok(Math.max(...moved) < 50)
    assert.ok(Math.max(...moved) > 25)
  })

  it('sends the late ones last, and a broken message only of what comes whole before that', () => {
    const { postings, tally } = rocketTraffic({ seed: 8, maxMessages: 1_000, lateGaps: 0.1, invalid: 0.3, gaps: 0.1 })
    const sent = [...postings]
    assert.ok(tally.late > 50)
    const prompt = sent.slice(0, -tally.late)
    const whole = new Set(prompt.filter(posting => posting.kind === 'event').map(posting => posting.event))
    const broken = sent.filter(posting => posting.kind === 'invalid')
    assert.ok(broken.length > 100)
    assert.ok(broken.every(posting => whole.has(posting.event)))
  })

  it('breaks messages in every way it names, none of which is left whole or has a line break', () => {
    const random = createRandom(1, 'test')
    const texts = [...generateRockets({ seed: 2, maxMessages: 3_000, now })].map(event => breakMessage(event, random))
    const whole = new Set([...generateRockets({ seed: 2, maxMessages: 3_000, now })].map(jsonOf))
    assert.ok(texts.every(text => text !== '' && !text.includes('\n') && !whole.has(text)))
    assert.ok(BREAKAGES.length >= 11)
    for (const sign of [
      '"RocketTeleported"',
      '"messageNumber":0',
      '"messageTime":""',
      ':-500',
      '"by":0',
      '"reason":""',
    ]) {
      assert.ok(
        texts.some(text => text.includes(sign)),
        sign,
      )
    }
  })

  it('refuses a fraction that is none', () => {
    assert.throws(() => rocketTraffic({ seed: 1, gaps: 3 }), /gaps is a fraction/)
  })
})

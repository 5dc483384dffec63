import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type GenerateOptions, generateRockets } from '../../simulators/rockets/generate.ts'
import { eventOf, jsonOf, type RocketEvent } from '../../simulators/rockets/message.ts'
import { check } from './random-runs.ts'

const fleet = fc.record({
  seed: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  rockets: fc.integer({ min: 1, max: 30 }),
  maxMessages: fc.integer({ min: 1, max: 600 }),
})

describe('the rocket generator', () => {
  it('gives the same messages for the same seed, byte for byte, but for the time', () => {
    const run = (options: GenerateOptions, at: number) =>
      [...generateRockets({ ...options, now: () => at })].map(jsonOf)
    const timeless = (json: string) => json.replace(/"messageTime":"[^"]+"/, '')
    check(
      'generate.test.ts',
      fc.property(fleet, options => {
        assert.deepEqual(run(options, 5), run(options, 5))
        assert.deepEqual(run(options, 5).map(timeless), run(options, 1e12).map(timeless))
      }),
    )
  })

  it('numbers each rocket from 1 without gaps, launches first and once, explodes at most once', () => {
    check(
      'generate.test.ts',
      fc.property(fleet, options => {
        const rockets = Map.groupBy(generateRockets(options), event => event.channel)
        assert.equal(rockets.size, Math.min(options.rockets, options.maxMessages))
        let total = 0
        for (const events of rockets.values()) {
          total += events.length
          const of = (type: RocketEvent['type']) => events.filter(event => event.type === type).length
          assert.deepEqual(
            events.map(event => event.number),
            events.map((_, i) => i + 1),
          )
          assert.equal(events[0]?.type, 'RocketLaunched')
          assert.equal(of('RocketLaunched'), 1)
          assert.ok(of('RocketExploded') <= 1)
        }
        assert.equal(total, options.maxMessages)
      }),
    )
  })

  it('sends from 20 rockets, up to 6,498 messages each, when not told otherwise', () => {
    const counts = new Map<string, number>()
    for (const { channel } of generateRockets({ seed: 444 })) counts.set(channel, (counts.get(channel) ?? 0) + 1)
    assert.equal(counts.size, 20)
    for (const count of counts.values()) assert.ok(count > 1 && count <= 6_498, `${count}`)
  })

  it('explodes some rockets, some of which go on talking', () => {
    const rockets = [...Map.groupBy(generateRockets({ seed: 1, rockets: 100, maxMessages: 5_000 }), e => e.channel)]
    const ends = rockets.map(([, events]) => events.findIndex(event => event.type === 'RocketExploded'))
    assert.ok(ends.includes(-1))
    assert.ok(ends.some((end, i) => end === (rockets[i]?.[1].length ?? 0) - 1))
    assert.ok(ends.some((end, i) => end >= 0 && end < (rockets[i]?.[1].length ?? 0) - 1))
  })

  it('writes compact JSON in the real order, nine digits of fraction and an offset, and reads it back', () => {
    const [event] = generateRockets({ seed: 444, now: () => Date.UTC(2022, 1, 2, 18, 39, 5, 863) })
    assert.ok(event)
    assert.equal(event.time, '2022-02-02T19:39:05.863000000+01:00')
    assert.match(event.channel, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const { channel, number: messageNumber, time: messageTime, type: messageType, message } = event
    const posted = { metadata: { channel, messageNumber, messageTime, messageType }, message }
    assert.equal(jsonOf(event), JSON.stringify(posted))
    assert.deepEqual(eventOf(jsonOf(event)), event)
  })

  it('is lazy: the first of a hundred million messages comes at once', () => {
    const messages = generateRockets({ seed: 444, maxMessages: 100_000_000 })
    assert.equal(messages.next().done, false)
  })

  it('gives each of many rockets a channel of its own', () => {
    const events = generateRockets({ seed: 9, rockets: 100_000, maxMessages: 100_000 })
    assert.equal(new Set([...events].map(event => event.channel)).size, 100_000)
  })
})

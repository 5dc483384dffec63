import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { generateDetections, simulateVehicles } from '../../simulators/vehicles/index.ts'
import { listOf, readList, roundAndRound, take } from '../../simulators/vehicles/list.ts'
import { BATCH, due, msUntilDue } from '../../simulators/vehicles/pace.ts'
import { check } from '../seed.ts'

const FILE = import.meta.filename
const CRUISER = '{"Year": 2011, "Make": "Toyota", "Model": "Land Cruiser", "Category": "SUV"}'

describe('the vehicle generator', () => {
  const some = (seed: number, count = 5_000) => take(generateDetections(seed), count)

  it('gives the same detections for the same seed', () => {
    assert.deepEqual(some(444), some(444))
    assert.notDeepEqual(some(444, 50), some(445, 50))
  })

  it('writes them as the real program does', () => {
    const [first] = some(1)
    assert.deepEqual(Object.keys(first ?? {}), ['Year', 'Make', 'Model', 'Category'])
    assert.ok(some(1).every(({ Year }) => Number.isInteger(Year) && Year >= 1992 && Year <= 2020))
  })

  it('makes some three in ten SUVs, and others that are nearly called so', () => {
    const categories = some(7).map(({ Category }) => Category)
    const share = categories.filter(category => category === 'SUV').length / categories.length
    assert.ok(share > 0.25 && share < 0.35, `${share}`)
    assert.ok(categories.includes('Wagon, SUV'))
    assert.ok(categories.some(category => /^[A-Z].*\d{4}$/.test(category)))
  })
})

describe('a list of detections', () => {
  it('keeps the lines as they are, in their order, without blank ones', () => {
    const other = '{"Category":"Sedan","Model":"Camry","Make":"Toyota","Year":2020,"more":1}'
    assert.deepEqual(listOf(`${CRUISER}\r\n\n${other}\n${CRUISER}`, 'list'), [CRUISER, other, CRUISER])
  })

  for (const [line, fault] of [
    ['{"Year": 2011', /a line is a JSON object/],
    ["{'Year': 2011}", /a line is a JSON object/],
    ['7', /a line is a JSON object/],
    ['null', /a line is a JSON object/],
    ['{"Year": "2011", "Make": "a", "Model": "b", "Category": "c"}', /Year is a whole number/],
    ['{"Year": 2011.5, "Make": "a", "Model": "b", "Category": "c"}', /Year is a whole number/],
    ['{"Year": 2011, "Make": "a", "Category": "c"}', /Model is a text/],
    ['{"Year": 2011, "Make": "a", "Model": "b", "Category": null}', /Category is a text/],
  ] as const)
    it(`refuses ${line}, and says in which line it is`, () => {
      const list = `${CRUISER}\n\n${line}\n${CRUISER}`
      assert.throws(() => listOf(list, 'seen.ndjson'), { code: 'USAGE', at: 'seen.ndjson:3', message: fault })
    })

  it('is refused when it is empty or not there', async () => {
    assert.throws(() => listOf('\n', 'list'), { code: 'USAGE' })
    await assert.rejects(readList('no/such/list.ndjson'), { code: 'FILE_UNREADABLE' })
  })

  it('goes round and round', () => {
    assert.deepEqual(take(roundAndRound(['a', 'b']), 5), ['a', 'b', 'a', 'b', 'a'])
    assert.deepEqual([...roundAndRound([])], [])
  })
})

describe('the pace', () => {
  const rate = fc.double({ min: 0.01, max: 100_000, noNaN: true })

  it('is the rate: never ahead of it, and behind it by less than one message', async () => {
    const elapsed = fc.double({ min: 0, max: 1_000_000, noNaN: true })
    await check(
      FILE,
      fc.property(rate, elapsed, (perSecond, elapsedMs) => {
        let sent = Math.max(0, Math.floor((elapsedMs / 1_000) * perSecond) - 50)
        sent += due(perSecond, elapsedMs, sent)
        const expected = (elapsedMs / 1_000) * perSecond
        assert.ok(sent > expected - 0.001 && sent <= expected + 1.001, `${sent} of ${expected}`)
      }),
    )
  })

  it('has the next one due when the wait is over', async () => {
    await check(
      FILE,
      fc.property(rate, fc.nat({ max: 1_000_000 }), (perSecond, sent) => {
        const waited = msUntilDue(perSecond, 0, sent)
        assert.ok(due(perSecond, waited + 0.001, sent) >= 1)
        assert.ok(sent < 2 || due(perSecond, waited * 0.4, sent) === 0)
      }),
    )
  })

  it('gives the first at once, and at rate 0 a whole batch', () => {
    assert.equal(due(3, 0, 0), 1)
    assert.equal(due(0, 0, 123), BATCH)
    assert.equal(due(1_000_000, 60_000, 0), BATCH)
  })
})

describe('simulateVehicles', () => {
  const brokers = ['127.0.0.1:1']
  for (const [name, options] of [
    ['brokers', { brokers: [] }],
    ['brokers', { brokers: ['localhost'] }],
    ['brokers', { brokers: ['127.0.0.1:9092', ''] }],
    ['rate', { brokers, rate: -1 }],
    ['rate', { brokers, rate: Number.NaN }],
    ['max-messages', { brokers, maxMessages: 0 }],
    ['seed', { brokers, seed: 0.5 }],
  ] as const)
    it(`refuses ${JSON.stringify(options)}`, async () => {
      await assert.rejects(simulateVehicles(options), { code: 'USAGE', message: new RegExp(`^${name} `) })
    })

  it('says when nothing listens', async () => {
    await assert.rejects(simulateVehicles({ brokers }), { code: 'KAFKA_UNREACHABLE', message: /at 127\.0\.0\.1:1: / })
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rankReader } from '../../src/feed/rank.ts'
import { Type } from '../../src/index.ts'
import { check } from '../seed.ts'

type Event = { readonly order: unknown; readonly id: string }
const rankBy = (schema: object) => rankReader('order', schema as never, event => (event as Event).id)
const sign = (value: number) => Math.sign(value)

const id = fc.constantFrom('', 'a', 'b', 'ba', '\u{1f680}', '\uffee')
const pairOf = <Value>(order: fc.Arbitrary<Value>) => fc.tuple(fc.record({ order, id }), fc.record({ order, id }))
/** Code point by code point, which isn't how JavaScript compares. */
function byCodePoint(first: string, second: string): number {
  const [a, b] = [[...first], [...second]].map(text => text.map(one => one.codePointAt(0) ?? 0))
  for (let at = 0; at < Math.min(a?.length ?? 0, b?.length ?? 0); at++) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0)
    if (difference !== 0) return sign(difference)
  }
  return sign((a?.length ?? 0) - (b?.length ?? 0))
}

function property<Value>(schema: object, order: fc.Arbitrary<Value>, compare: (a: Value, b: Value) => number) {
  const rankOf = rankBy(schema)
  return check(
    import.meta.filename,
    fc.property(pairOf(order), ([first, second]) => {
      const wanted = compare(first.order, second.order) || byCodePoint(first.id, second.id)
      assert.equal(rankOf(first).compare(rankOf(second)), sign(wanted))
    }),
    500,
  )
}

describe('a rank sorts as (order, id) does', () => {
  it('where the order is a number', () =>
    property(
      Type.Number(),
      fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger(), fc.constantFrom(0, -0, 1, -1)),
      (a, b) => (a < b ? -1 : Number(a > b)),
    ))

  it('where it is a text', () =>
    property(
      Type.String(),
      fc
        .oneof(
          fc.string({ unit: 'binary', minLength: 1 }),
          fc.constantFrom('1', '1\u0001', '10', '9', '\u{1f680}', '\uffee'),
        )
        .filter(text => !text.includes('\u0000')),
      byCodePoint,
    ))

  const digits = fc.stringMatching(/^[0-9]{1,12}$/)
  const zones = ['Z', 'z', '+00:00', '-00:00', '+05:30', '-23:59']
  const time = fc.record({
    second: fc.integer({ min: 0, max: 3 }),
    digits: fc.option(fc.oneof(digits, fc.constantFrom('5', '50', '500', '4999999999999'))),
    zone: fc.constantFrom(...zones),
  })
  const minutesOf = (zone: string) =>
    zone.length === 1 ? 0 : (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)))
  const textOf = ({ second, digits: given, zone }: { second: number; digits: string | null; zone: string }) =>
    `2024-02-29T12:00:0${second}${given === null ? '' : `.${given}`}${zone}`
  it('where it is a time, to the last digit, in whatever zone', async () => {
    const rankOf = rankBy(Type.String({ format: 'date-time' }))
    await check(
      import.meta.filename,
      fc.property(fc.tuple(time, time), ([first, second]) => {
        const value = ({ second: at, digits: given, zone }: typeof first) =>
          BigInt(at - minutesOf(zone) * 60) * 10n ** 15n + BigInt((given ?? '').padEnd(15, '0'))
        const [a, b] = [first, second].map(one => rankOf({ order: textOf(one), id: 'x' }))
        const [x, y] = [value(first), value(second)]
        assert.equal(a?.compare(b ?? Buffer.alloc(0)), x < y ? -1 : Number(x > y))
      }),
      500,
    )
  })
})

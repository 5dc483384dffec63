import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { add, includes, indexOf, type Range, remove } from '../../src/sequencer/ranges.ts'
import { check } from '../seed.ts'

const BASES = [1, Number.MAX_SAFE_INTEGER - 60]
const step = fc.record({
  operation: fc.constantFrom('add', 'remove'),
  from: fc.integer({ min: 0, max: 55 }),
  length: fc.integer({ min: 1, max: 6 }),
})

/** The ranges that a set of numbers has, found one number at a time. */
function rangesOf(numbers: ReadonlySet<number>): Range[] {
  const found: [number, number][] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = found.at(-1)
    if (last !== undefined && last[1] === number - 1) last[1] = number
    else found.push([number, number])
  }
  return found
}

describe('ranges', () => {
  it('rule 5: hold what a set of numbers would, with the fewest ranges, also next to 2^53', () =>
    check(
      import.meta.filename,
      fc.property(fc.constantFrom(...BASES), fc.array(step, { maxLength: 40 }), (base, steps) => {
        let ranges: Range[] = []
        const numbers = new Set<number>()
        for (const { operation, from, length } of steps) {
          const range: Range = [base + from, base + from + length - 1]
          ranges = operation === 'add' ? add(ranges, range) : remove(ranges, range)
          for (let number = range[0]; number <= range[1]; number++)
            operation === 'add' ? numbers.add(number) : numbers.delete(number)
          assert.deepEqual(ranges, rangesOf(numbers))
        }
        for (let number = base; number < base + 61; number++) {
          assert.equal(includes(ranges, number), numbers.has(number))
          const [from, to] = ranges[indexOf(ranges, number)] ?? [number + 1, number - 1]
          assert.equal(from <= number && number <= to, numbers.has(number))
        }
      }),
      400,
    ))

  it('leave what they were given as it was', () => {
    const ranges: readonly Range[] = Object.freeze([Object.freeze([1, 3] as const), Object.freeze([7, 9] as const)])
    assert.deepEqual(add(ranges, [4, 6]), [[1, 9]])
    assert.deepEqual(remove(ranges, [2, 8]), [
      [1, 1],
      [9, 9],
    ])
    assert.deepEqual(ranges, [
      [1, 3],
      [7, 9],
    ])
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type Cursor,
  isComplete,
  lastApplied,
  nonconformity,
  openHoles,
  placeOf,
  START,
  waitingFor,
} from '../../src/sequencer/cursor.ts'
import { type Arrival, release, type Sequenced, sequence } from '../../src/sequencer/sequence.ts'
import { TRANSITIONS } from '../../src/sequencer/transitions.ts'
import { check } from '../seed.ts'
import { Model, numbersOf } from './model.ts'

/** So that the same walks are made from the first number on and up to the last, 2^53 − 1. */
const BASES = [0, Number.MAX_SAFE_INTEGER - 24]
const incoming = fc.oneof(
  { weight: 6, arbitrary: fc.constant('event' as const) },
  { weight: 1, arbitrary: fc.constant('dismissal' as const) },
)
const arrivals = fc.array(fc.record({ sequence: fc.integer({ min: 1, max: 24 }), incoming }), {
  minLength: 1,
  maxLength: 12,
})
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('batch' as const), arrivals }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), dueBefore: fc.nat({ max: 30 }) }) },
)
const steps = fc.array(step, { minLength: 1, maxLength: 14 })

function agree(model: Model, cursor: Cursor, maxHeld: number): void {
  assert.equal(nonconformity(cursor), undefined)
  assert.equal(cursor.frontier, model.frontier)
  assert.deepEqual(numbersOf(cursor), {
    held: [...model.held.keys()].sort((a, b) => a - b),
    missing: [...model.missing].sort((a, b) => a - b),
    voided: [...model.voided].sort((a, b) => a - b),
  })
  assert.equal(isComplete(cursor), model.missing.size === 0)
  assert.equal(waitingFor(cursor), model.held.size > 0 ? model.frontier + 1 : undefined)
  assert.ok(model.held.size <= maxHeld)
  for (let number = model.base + 1; number <= model.base + 24; number++)
    assert.equal(placeOf(cursor, number), model.placeOf(number))
  assert.equal(lastApplied(cursor), model.applied.size === 0 ? model.base : Math.max(...model.applied, model.base))
}

/** What a step says was applied: the ranges that advanced, and the late ones, which their verdicts name. */
function appliedIn({ advanced, verdicts }: Sequenced, given: readonly Arrival[]): number[] {
  const late = given.filter((_, index) => verdicts[index] === 'heal').map(arrival => arrival.sequence)
  return [
    ...late,
    ...advanced.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index)),
  ]
}

describe('the sequencer', () => {
  it('rules 4 to 8: knows at every step what a plain list of numbers would, and applies each number once', () =>
    check(
      import.meta.filename,
      fc.property(fc.constantFrom(...BASES), steps, fc.constantFrom(1, 3, 1000), (base, given, maxHeld) => {
        const model = new Model(base)
        let cursor: Cursor = { ...START, frontier: base }
        const applied: number[] = []
        for (const [now, one] of given.entries()) {
          if (one.kind === 'release') {
            const released = release(cursor, one.dueBefore)
            model.releaseDue(one.dueBefore)
            applied.push(...appliedIn(released, []))
            cursor = released.cursor
          } else {
            const batch = one.arrivals.map(arrival => ({ ...arrival, sequence: base + arrival.sequence }))
            const sequenced = sequence(cursor, batch, { isSparse: false, maxHeld }, now)
            for (const arrival of batch) {
              const verdict = TRANSITIONS[model.placeOf(arrival.sequence)][arrival.incoming]
              assert.equal(sequenced.verdicts[batch.indexOf(arrival)], verdict)
              model.arrive(arrival.sequence, arrival.incoming, verdict, now)
            }
            while (model.held.size > maxHeld) model.releaseLowest()
            applied.push(...appliedIn(sequenced, batch))
            cursor = sequenced.cursor
          }
          agree(model, cursor, maxHeld)
        }
        assert.equal(new Set(applied).size, applied.length)
        assert.deepEqual(applied.sort(), [...model.log].sort())
      }),
      1500,
    ))

  it('rule 4: any order, repetition and batching of the same events applies the same numbers', () =>
    check(
      import.meta.filename,
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 }),
        fc.infiniteStream(fc.nat()),
        fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
        fc.boolean(),
        (numbers, chance, releasesAt, isSparse) => {
          const random = chance[Symbol.iterator]()
          const next = (below: number) => random.next().value % below
          const sent = [...numbers, ...numbers.filter(() => next(3) === 0)]
          for (let index = sent.length - 1; index > 0; index--) {
            const other = next(index + 1)
            ;[sent[index], sent[other]] = [sent[other] ?? 0, sent[index] ?? 0]
          }
          let cursor = START
          const applied: number[] = []
          const above: number[] = []
          for (let at = 0; at < sent.length; ) {
            const batch = sent
              .slice(at, at + 1 + next(7))
              .map(number => ({ sequence: number, incoming: 'event' as const }))
            at += batch.length
            const sequenced = sequence(cursor, batch, { isSparse, maxHeld: 1000 }, at)
            applied.push(...appliedIn(sequenced, batch))
            // A sparse feed finds what is late by looking for the number on the record.
            batch.forEach(({ sequence: number }, index) => {
              if (sequenced.verdicts[index] === 'compareApplied') above.push(number)
            })
            cursor = releasesAt.includes(at) ? releaseInto(sequenced.cursor, at, applied) : sequenced.cursor
            assert.equal(nonconformity(cursor), undefined)
          }
          cursor = releaseInto(cursor, Number.POSITIVE_INFINITY, applied)
          assert.equal(new Set(applied).size, applied.length)
          const known = isSparse ? [...new Set([...applied, ...above])] : applied
          assert.deepEqual(known.sort(), [...numbers].sort())
          assert.equal(cursor.held.length, 0)
        },
      ),
      1000,
    ))
})

function releaseInto(cursor: Cursor, dueBefore: number, applied: number[]): Cursor {
  const released = release(cursor, dueBefore)
  applied.push(...appliedIn(released, []))
  return released.cursor
}

describe('what the sequencer tells', () => {
  const events = (...numbers: number[]): Arrival[] => numbers.map(number => ({ sequence: number, incoming: 'event' }))
  const policy = { isSparse: false, maxHeld: 10 }

  it('rule 5: a hole is one range however wide it is', () => {
    const { cursor, verdicts } = sequence(START, events(Number.MAX_SAFE_INTEGER, 2 ** 40), policy, 7)
    assert.deepEqual(verdicts, ['hold', 'hold'])
    assert.deepEqual(openHoles(cursor), [
      { from: 1, to: 2 ** 40 - 1, since: 7 },
      { from: 2 ** 40 + 1, to: Number.MAX_SAFE_INTEGER - 1, since: 7 },
    ])
  })

  it('rule 6: a hole waits from the first arrival behind it, whichever number that had', () => {
    const first = sequence(START, events(9), policy, 100)
    const second = sequence(first.cursor, events(5), policy, 200)
    assert.deepEqual(
      openHoles(second.cursor).map(({ since }) => since),
      [100, 100],
    )
    assert.deepEqual(release(second.cursor, 99).changes, [])
    assert.deepEqual(release(second.cursor, 100).advanced, [
      [5, 5],
      [9, 9],
    ])
  })

  it('rule 6: over maxHeld the lowest hole goes early, and is said to', () => {
    const { cursor, changes, advanced } = sequence(START, events(3, 4, 8, 9), { isSparse: false, maxHeld: 2 }, 5)
    assert.deepEqual(changes, [{ from: 1, to: 2, since: 5, status: 'released', early: true }])
    assert.deepEqual(advanced, [[3, 4]])
    assert.equal(cursor.held.length, 1)
  })

  it('rule 6: a key with thousands of holes is released in a moment, and healed in another', () => {
    const startedMs = performance.now()
    const numbers = Array.from({ length: 4_000 }, (_, index) => 2 * index + 2)
    const many = { isSparse: false, maxHeld: 10_000 }
    const held = sequence(START, events(...numbers), many, 1)
    const released = release(held.cursor, 1)
    assert.equal(released.cursor.frontier, 8_000)
    assert.equal(released.cursor.missing.length, 4_000)
    assert.deepEqual(sequence(held.cursor, [], { isSparse: false, maxHeld: 0 }, 2).cursor, released.cursor)
    const healed = sequence(released.cursor, events(...numbers.map(number => number - 1)), many, 3)
    assert.deepEqual(healed.cursor, { ...START, frontier: 8_000 })
    const tookMs = performance.now() - startedMs
    assert.ok(tookMs < 10_000, `it took ${tookMs} ms, and a lane waited`)
  })

  it('rule 8: voided numbers are passed, and an event that comes for one after all is taken', () => {
    const voided = sequence(START, [...events(3), { sequence: 2, incoming: 'dismissal' }], policy, 1)
    assert.deepEqual(openHoles(voided.cursor), [{ from: 1, to: 1, since: 1 }])
    const filled = sequence(voided.cursor, events(1), policy, 2)
    assert.deepEqual(filled.cursor, { frontier: 3, missing: [], voided: [[2, 2]], held: [] })
    assert.deepEqual(filled.advanced, [
      [1, 1],
      [3, 3],
    ])
    const corrected = sequence(filled.cursor, events(2), policy, 3)
    assert.deepEqual(corrected.verdicts, ['heal'])
    assert.deepEqual(corrected.cursor.voided, [])
  })

  it('rule 10: numbers voided at the very top are not the last applied', () => {
    const dismissals: Arrival[] = [
      { sequence: 2, incoming: 'dismissal' },
      { sequence: 3, incoming: 'dismissal' },
    ]
    const { cursor } = sequence(START, [...events(1), ...dismissals], policy, 1)
    assert.equal(cursor.frontier, 3)
    assert.equal(lastApplied(cursor), 1)
  })

  it('rule 5: a sparse feed knows no holes, whatever is dismissed', () => {
    const sparse = { isSparse: true, maxHeld: 10 }
    const dismissed = sequence(START, [...events(3), { sequence: 10, incoming: 'dismissal' }], sparse, 1)
    const { verdicts, cursor } = sequence(dismissed.cursor, events(10, 12), sparse, 2)
    assert.deepEqual(verdicts, ['apply', 'apply'])
    assert.deepEqual(cursor, { ...START, frontier: 12 })
  })

  it('rule 5: what was held before a feed became sparse is applied before anything above it', () => {
    const { cursor } = sequence(START, events(4), policy, 1)
    const { advanced, verdicts } = sequence(cursor, events(9), { isSparse: true, maxHeld: 10 }, 2)
    assert.deepEqual(verdicts, ['apply'])
    assert.deepEqual(advanced, [
      [4, 4],
      [9, 9],
    ])
  })

  it('leaves the cursor that it was given as it was', () => {
    const { cursor } = sequence(START, events(3, 5, 9), policy, 1)
    const before = structuredClone(cursor)
    sequence(cursor, events(1, 2, 4, 9, 12), policy, 2)
    release(cursor, 5)
    assert.deepEqual(cursor, before)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Cursor, nonconformity, type Place, placeOf } from '../../src/sequencer/cursor.ts'
import { sequence } from '../../src/sequencer/sequence.ts'
import { type Incoming, TRANSITIONS, type Verdict } from '../../src/sequencer/transitions.ts'

/** A cursor with a number in every place, and what each verdict should make of it. */
const CURSOR: Cursor = {
  frontier: 6,
  missing: [{ from: 3, to: 4, since: 1 }],
  voided: [
    [5, 5],
    [11, 11],
  ],
  held: [{ from: 9, to: 9, since: 2 }],
}
const NUMBER_AT: Readonly<Record<Place, number>> = {
  applied: 2,
  missing: 3,
  voidedBelow: 5,
  next: 7,
  ahead: 8,
  held: 9,
  voidedAhead: 11,
}
const AFTER: Readonly<Record<Verdict, Place>> = {
  apply: 'applied',
  heal: 'applied',
  hold: 'held',
  compareApplied: 'applied',
  compareHeld: 'held',
  void: 'voidedBelow',
  none: 'applied',
}

describe('the transition table', () => {
  assert.equal(nonconformity(CURSOR), undefined)
  for (const [place, row] of Object.entries(TRANSITIONS) as [Place, Record<Incoming, Verdict>][])
    for (const [incoming, verdict] of Object.entries(row) as [Incoming, Verdict][])
      it(`rules 4 to 8: ${place} + ${incoming} → ${verdict}`, () => {
        const number = NUMBER_AT[place]
        assert.equal(placeOf(CURSOR, number), place)
        const policy = { isSparse: false, maxHeld: 100 }
        const { verdicts, cursor } = sequence(CURSOR, [{ sequence: number, incoming }], policy, 3)
        assert.deepEqual(verdicts, [verdict])
        assert.equal(nonconformity(cursor), undefined)
        const stays = verdict === 'none' || (verdict === 'void' && number > cursor.frontier)
        const expected = verdict === 'void' && number > cursor.frontier ? 'voidedAhead' : stays ? place : AFTER[verdict]
        assert.equal(placeOf(cursor, number), expected)
      })
})

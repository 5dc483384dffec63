import assert from 'node:assert/strict'
import { it } from 'node:test'
import { nonconformity } from '../../src/sequencer/cursor.ts'
import { withdraw } from '../../src/sequencer/withdraw.ts'

const held = [
  { from: 3, to: 6, since: 10 },
  { from: 9, to: 9, since: 20 },
  { from: 12, to: 14, since: 30 },
]
const cursor = { frontier: 1, missing: [], voided: [], held }

it('rule 5: what is withdrawn is as if it had not come, and the rest is held since as long', () => {
  const left = (...numbers: readonly number[]) => {
    const without = withdraw(cursor, numbers)
    assert.equal(nonconformity(without), undefined)
    return without.held.map(({ from, to, since }) => [from, to, since])
  }
  const all = held.map(({ from, to, since }) => [from, to, since])
  assert.deepEqual(left(), all)
  assert.deepEqual(left(3, 9), [[4, 6, 10], all[2]])
  assert.deepEqual(left(4, 5, 14), [[3, 3, 10], [6, 6, 10], all[1], [12, 13, 30]])
  assert.deepEqual(left(3, 4, 5, 6, 9, 12, 13, 14), [])
})

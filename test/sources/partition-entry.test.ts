import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KnownPartition } from '../../src/engine/contract.ts'
import { entryOf } from '../../src/sources/kafka/entry.ts'
import { moveOf } from '../../src/sources/kafka/move.ts'

const place = { cluster: 'c', topic: 't', topicId: 'now', partition: 3 }
const known = (nextOffset: number, of: Partial<typeof place> = {}, isComplete = false): KnownPartition => ({
  place: { ...place, ...of },
  nextOffset,
  epoch: 1,
  watermarkMs: undefined,
  blocked: undefined,
  isComplete,
})
const entry = (all: readonly KnownPartition[], first: number, end: number) => entryOf('f', place, all, { first, end })
const problemOf = (all: readonly KnownPartition[], first: number, end: number): string => {
  const found = entry(all, first, end)
  return 'problem' in found ? found.problem : assert.fail(`reads from ${found.start}`)
}

describe('how a partition is begun with', () => {
  it('rule 17: one that nobody has read, from its beginning; and says what had expired before', () => {
    assert.deepEqual(entry([], 0, 9), { start: 0 })
    const late = entry([], 5, 9)
    assert.deepEqual([late, 'note' in late && /first 5 records/.test(late.note ?? '')], [{ ...late, start: 5 }, true])
    assert.deepEqual(entry([known(7, { partition: 2 })], 0, 9), { start: 0 }, 'added while it runs')
  })

  it('rule 17: one that was read, from where that ended', () => {
    for (const next of [2, 5, 9]) assert.deepEqual(entry([known(next)], 2, 9), { start: next })
  })

  it('rule 17: records that are lost are never passed over by itself', () => {
    assert.match(problemOf([known(1)], 2, 9), /from 1 to 1 expired.*offsets f --partition 3 --to earliest/)
    assert.match(problemOf([known(10)], 2, 9), /read up to 10, and ends at 9.*--to latest/)
  })

  it('rule 17: what is lost stays so, also when the topic has grown past it', () => {
    assert.equal(problemOf([{ ...known(5), blocked: 'lost' }], 0, 9), 'lost')
    const found = entry([known(10)], 2, 9)
    assert.equal('isLost' in found && found.isLost, true)
  })

  it('rule 17: another topic of the name isn’t read until somebody says so', () => {
    const other = { topicId: 'before' }
    assert.match(problemOf([known(4, other)], 0, 9), /deleted and made again.*--to earliest/)
    assert.match(problemOf([known(4, { ...other, partition: 0 })], 0, 9), /deleted and made again/)
    assert.deepEqual(entry([known(0, other)], 0, 9), { start: 0 }, 'nothing of it was ever read')
    assert.deepEqual(entry([known(4, other, true)], 0, 9), { start: 0 }, 'it was said')
    assert.deepEqual(entry([known(4, { topic: 'u', topicId: 'x' })], 0, 9), { start: 0 }, 'another name')
  })
})

describe('moving a partition by hand', () => {
  const move = (next: number | undefined, to: 'earliest' | 'latest' | number, isPosition = false) => {
    const {
      from,
      to: offset,
      skipped,
      again,
    } = moveOf(place, next === undefined ? undefined : known(next), { first: 2, end: 9 }, to, isPosition)
    return [from, offset, skipped, again]
  }

  it('says what is skipped, and what is read again', () => {
    assert.deepEqual(move(undefined, 'earliest'), [null, 2, 0, 0])
    assert.deepEqual(move(undefined, 'latest'), [null, 9, 7, 0])
    assert.deepEqual(move(1, 'earliest'), [1, 2, 0, 0])
    assert.deepEqual(move(4, 6), [4, 6, 2, 0])
    assert.deepEqual(move(6, 4), [6, 4, 0, 2])
    assert.deepEqual(move(12, 'latest', true), [12, 9, 0, 0])
  })

  it('refuses what isn’t there, and what would be on the record twice', () => {
    assert.throws(() => move(4, 10), { code: 'USAGE' })
    assert.throws(() => move(4, 1), { code: 'USAGE' })
    assert.throws(() => move(4, 3, true), { code: 'USAGE' })
  })
})

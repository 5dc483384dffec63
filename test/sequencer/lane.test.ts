import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compatibilityPartitioner } from '@platformatic/kafka'
import fc from 'fast-check'
import { laneOf, partitionOf } from '../../src/sequencer/lane.ts'
import { check } from '../seed.ts'

describe('lanes', () => {
  it('rule 1: keys keep the lanes that stored data lies in', () => {
    const keys = ['', 'a', '193270a9-c9cf-404a-8f83-838e71d9ae67', 'käse', '🚀', 'x'.repeat(512)]
    assert.deepEqual(
      keys.map(key => laneOf(key, 8, 'fnv1a')),
      [4, 4, 2, 3, 5, 4],
    )
    assert.deepEqual(
      keys.map(key => laneOf(key, 8, 'murmur2')),
      [1, 4, 7, 5, 1, 6],
    )
  })

  it('rule 1: a partition is the one that Kafka’s own clients choose, so that with as many lanes it is one of them', async () => {
    const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 })
    await check(
      import.meta.filename,
      fc.property(key, fc.integer({ min: 1, max: 1000 }), (text, partitions) => {
        const bytes = Buffer.from(text)
        // The driver's gives the hash; whoever sends takes it modulo the partitions.
        const theirs = compatibilityPartitioner({ topic: '', key: bytes, value: bytes }, bytes) % partitions
        assert.equal(partitionOf(text, partitions), theirs)
        assert.equal(laneOf(text, partitions, 'murmur2'), theirs)
      }),
    )
  })
})

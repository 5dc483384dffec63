import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { movedBy, startOf } from '../../src/outputs/kafka/place.ts'

const NOW = { cluster: 'c', topicId: 't', partitions: 2 }
const ENDS = { first: 10, end: 90 }

describe('where an output looks for what it delivered', () => {
  const start = (place: Parameters<typeof startOf>[1], partition = 0) => {
    const { of, note } = startOf('alerts', place, NOW, 17)
    return { from: of(partition, ENDS), note }
  }

  test('nowhere, while it has delivered nothing', () => {
    assert.deepEqual(start(null), { from: 90, note: undefined })
  })

  test('behind what is acknowledged, as far as that is still there', () => {
    const place = { cluster: 'c', topicId: 't', offsets: [40, 3] }
    assert.equal(start(place, 0).from, 40)
    assert.equal(start(place, 1).from, 10)
  })

  test('from the beginning in a partition that was added', () => {
    assert.equal(start({ cluster: 'c', topicId: 't', offsets: [40] }, 1).from, 10)
  })

  test('in all of a topic that was made again, or is on another cluster; and says so', () => {
    for (const other of [{ topicId: 'u' }, { cluster: 'd' }]) {
      const { from, note } = start({ cluster: 'c', topicId: 't', offsets: [40, 40], ...other })
      assert.equal(from, 10)
      assert.match(note ?? '', /gets what follows 17/)
    }
  })

  test('moves with what was delivered, partition by partition', () => {
    const place = { cluster: 'c', topicId: 't', offsets: [1, 2] }
    assert.deepEqual(movedBy(place, new Map([[1, 5]])).offsets, [1, 5])
    assert.deepEqual(movedBy(place, new Map([[3, 7]])).offsets, [1, 2, 0, 7])
  })
})

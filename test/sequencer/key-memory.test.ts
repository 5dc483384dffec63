import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { START } from '../../src/sequencer/cursor.ts'
import type { Key } from '../../src/sequencer/key.ts'
import { heapBytes, KeyMemory } from '../../src/sequencer/key-memory.ts'

const keyOf = (key: string, events: number, state: object): Key => ({
  id: 1,
  lane: 0,
  key,
  cursor: START,
  events,
  generation: 1,
  time: null,
  digest: null,
  rawDigest: null,
  rank: null,
  state: state as Key['state'],
})
/** Some 5 kB as JSON, in a hundred fields. */
const large = () => ({ links: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, 'x'.repeat(40)])) })

describe('what is remembered of keys', () => {
  it('is bounded by the bytes of their states, however few they are', () => {
    const stateBytes = 1024 * 1024
    const memory = new KeyMemory({ keys: 100_000, stateBytes })
    for (let n = 0; n < 5_000; n++) memory.set(keyOf(`k${n}`, n, large()))
    const known = Array.from({ length: 5_000 }, (_, n) => memory.get(`k${n}`)).filter(key => key !== undefined)
    const bytes = known.reduce((sum, { state }) => sum + heapBytes(state), 0)
    assert.ok(bytes <= stateBytes && bytes > stateBytes / 4, `${bytes} bytes of ${known.length} keys`)
    assert.equal(memory.get('k4999')?.events, 4_999)
  })

  it('is bounded by their number, however small they are', () => {
    const memory = new KeyMemory({ keys: 100, stateBytes: 1024 * 1024 })
    for (let n = 0; n < 1_000; n++) memory.set(keyOf(`k${n}`, n, {}))
    const known = Array.from({ length: 1_000 }, (_, n) => memory.get(`k${n}`)).filter(key => key !== undefined)
    assert.ok(known.length >= 50 && known.length <= 100, `${known.length} keys`)
  })

  it('is never an earlier one than what was set last, not even of a key that has grown too large to be kept', () => {
    const memory = new KeyMemory({ keys: 4, stateBytes: 200_000 })
    for (let n = 0; n < 100; n++) {
      memory.set(keyOf('a', n, n % 3 === 0 ? large() : {}))
      assert.equal(memory.get('a')?.events, n)
      memory.set(keyOf(`other ${n}`, 1, {}))
    }
    memory.set(keyOf('a', 100, { text: 'x'.repeat(200_000) }))
    assert.equal(memory.get('a'), undefined)
  })

  it('counts no bytes of what was replaced or forgotten', () => {
    const memory = new KeyMemory({ keys: 100, stateBytes: 4 * heapBytes(large()) })
    for (const turn of [1, 2]) {
      memory.set(keyOf('b', turn, {}))
      for (let n = 0; n < 50; n++) memory.set(keyOf('a', n, large()))
      assert.equal(memory.get('b')?.events, turn)
      memory.clear()
      assert.equal(memory.get('b'), undefined)
    }
  })
})

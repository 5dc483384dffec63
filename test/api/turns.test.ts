import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '../../src/api/turns.ts'

/** Work that ends when it is told to. */
function piece(turns: Turns, order: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const work = () => {
    order.push(name)
    return promise
  }
  return { done: turns.run(work, 'too many'), end: () => resolve(name), fail: () => reject(new TypeError(name)) }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

test('so much at once, the rest in its order, and beyond that nothing', async () => {
  const order: string[] = []
  const turns = new Turns({ atOnce: 2, waitingMax: 2 })
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(name => piece(turns, order, name))
  await assert.rejects(piece(turns, order, 'e').done, { code: 'BUSY', message: 'too many' })
  await settled()
  assert.deepEqual(order, ['a', 'b'])
  b?.fail()
  await assert.rejects(async () => b?.done, TypeError)
  await settled()
  assert.deepEqual(order, ['a', 'b', 'c'])
  const f = piece(turns, order, 'f')
  for (const one of [a, c, d, f]) one?.end()
  assert.deepEqual(await Promise.all([a, c, d, f].map(one => one?.done)), ['a', 'c', 'd', 'f'])
  assert.deepEqual(order, ['a', 'b', 'c', 'd', 'f'])
  const again = piece(turns, order, 'g')
  again.end()
  assert.equal(await again.done, 'g')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createServer } from '../../src/api/server.ts'
import type { Query } from '../../src/store/read/query.ts'
import { newGround } from '../engine/ground.ts'
import { METERS, meter } from './meters.ts'

test('a stream that ends for a fault of ours is told to the log', async t => {
  const ground = await newGround([METERS])
  await ground.send('meters', meter('a', 1))
  const faults: string[] = []
  let looks = 0
  // Found when the stream begins, and not to be read after that.
  const query: Query = (text, values, name) =>
    name?.startsWith('find-standing') && ++looks > 1
      ? Promise.reject(new TypeError('of a bug'))
      : ground.store.query(text, values, name)
  const server = await createServer({
    ...{ engine: ground.engine, feeds: ground.engine.feeds, query, version: '0.0.0' },
    log: { error: (_fields, message) => faults.push(message), info: () => undefined },
  })
  t.after(() => server.close())
  const { address } = await server.listen({ host: '127.0.0.1', port: 0 })
  const answer = await fetch(`${address}/levels/a`, { headers: { accept: 'text/event-stream' } })
  assert.equal(answer.status, 200)
  assert.doesNotMatch(await answer.text(), /event: state/)
  assert.deepEqual(faults, ['of a bug'])
})

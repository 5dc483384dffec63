import assert from 'node:assert/strict'
import { test } from 'node:test'
import detections from '../../feeds/detections.ts'
import { serve } from '../api/serve.ts'
import { until } from '../until.ts'
import { read } from './reader.ts'

test('a stream asks for the role of its feed, and ends when the token does', async () => {
  const { url, as, rows } = await serve({ heartbeatMs: 20 }, [detections])
  for (const [headers, status] of [
    [{}, 401],
    [as.writer, 403],
  ] as const)
    assert.equal((await fetch(`${url}/alerts?seconds=1`, { headers })).status, status)
  const reader = await read(`${url}/alerts`, as.reader)
  const operator = await read(`${url}/alerts`, as.operator)
  await rows("update groundstation.machine_token set revoked_at = now() where name = 'reader'")
  await until('the stream ends', () => Promise.resolve(reader.isEnded()))
  assert.ok(!operator.isEnded())
  operator.close()
})

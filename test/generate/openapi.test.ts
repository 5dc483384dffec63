import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeApi } from '../../src/api/describe.ts'
import { get, serve } from '../api/serve.ts'

test('generate openapi says what a server says of itself', async () => {
  const { url, engine } = await serve()
  const told = await get(`${url}/openapi.json`)
  assert.equal(told.status, 200)
  assert.deepEqual(await describeApi([...engine.feeds.values()], '0.0.0'), told.body)
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { describeApi } from '../../src/api/describe.ts'
import { tryViews } from '../../src/store/views/trial.ts'
import { get, serve } from '../api/serve.ts'
import { freshDatabase } from '../database.ts'
import { withAdmin } from '../template.ts'

test('generate openapi says what a server says of itself', async () => {
  const { url, engine } = await serve()
  const told = await get(`${url}/openapi.json`)
  assert.equal(told.status, 200)
  const feeds = [...engine.feeds.values()]
  // As of a database that knows none of the feeds.
  const columns = await withAdmin(await freshDatabase({ after }), store => tryViews(store, feeds))
  assert.deepEqual(await describeApi(feeds, '0.0.0', columns), told.body)
})

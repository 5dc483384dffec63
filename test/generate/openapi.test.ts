import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { describeApi } from '../../src/api/describe.ts'
import { tryViews } from '../../src/store/views/trial.ts'
import { get, serve } from '../api/serve.ts'
import { freshDatabase } from '../database.ts'
import { withAdmin } from '../template.ts'

type Described = { readonly paths: Readonly<Record<string, Readonly<Record<string, { security: readonly object[] }>>>> }

/** Where it isn't known at which address a server will be, a token may be asked for; on loopback none is. */
function asOnLoopback(document: unknown): unknown {
  const copy = structuredClone(document) as Described
  for (const operation of Object.values(copy.paths).flatMap(methods => Object.values(methods))) {
    const [first] = operation.security
    if (first !== undefined && Object.keys(first).length === 0) operation.security = []
  }
  return copy
}

test('generate openapi says what a server says of itself', async () => {
  const { url, engine } = await serve()
  const told = await get(`${url}/openapi.json`)
  assert.equal(told.status, 200)
  const feeds = [...engine.feeds.values()]
  // As of a database that knows none of the feeds.
  const columns = await withAdmin(await freshDatabase({ after }), store => tryViews(store, feeds))
  const generated = await describeApi(feeds, '0.0.0', columns)
  assert.notDeepEqual(generated, told.body)
  assert.deepEqual(asOnLoopback(generated), told.body)
})

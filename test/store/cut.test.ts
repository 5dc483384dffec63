import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { openStore } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'

describe('a connection on which nothing comes back', () => {
  for (const kind of ['withClient', 'withPipelined'] as const)
    test(`is cut in time, and those as old are given to nobody: ${kind}`, async () => {
      const store = await openStore(await freshDatabase({ after }), { connectionsMax: 2 })
      after(() => store.close())
      const pid = () =>
        store[kind](async client => Number((await client.query('select pg_backend_pid() as pid')).rows[0].pid))
      const old = await pid()
      assert.equal(await pid(), old)
      const started = performance.now()
      await assert.rejects(store[kind](client => client.query('select pg_sleep(30)'), 50))
      assert.ok(performance.now() - started < 10_000)
      assert.notEqual(await pid(), old)
    })
})

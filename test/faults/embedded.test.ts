import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isRunning } from '../../src/embedded/process-identity.ts'
import { newHome, postmasterPid } from '../embedded/homes.ts'
import { expectKept, seedOf } from './load.ts'
import { orphanRun } from './stop-runs.ts'

test('kill -9 on the embedded database: the orphaned server is adopted, with all that was acknowledged', async t => {
  const home = await newHome(t)
  const databaseUrlOf = async () => (await readFile(join(home, 'database-url'), 'utf8')).trim()
  const seed = seedOf()
  let pid: number | undefined
  const options = { seed, messages: 600, faults: 2, home }
  const run = await orphanRun(t, {
    ...options,
    databaseUrlOf: async () => {
      const now = await postmasterPid(home)
      assert.equal(pid ?? now, now, 'a second server was started')
      pid = now
      return databaseUrlOf()
    },
    // What is there is read while the server still runs; the last one to leave stops it.
  })
  assert.equal(pid !== undefined && isRunning(pid), false, 'the last one to leave stops the server')
  expectKept(run, seed, import.meta.url)
})

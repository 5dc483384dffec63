import { test } from 'node:test'
import { freshDatabase } from '../database.ts'
import { expectKept, seedOf } from './load.ts'
import { stopRun } from './stop-runs.ts'

test('SIGTERM and SIGINT under load, one service', async t => {
  const seed = seedOf()
  const databaseUrl = await freshDatabase(t)
  expectKept(await stopRun(t, { seed, messages: 800, faults: 2, databaseUrl, count: 1 }), seed, import.meta.url)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshDatabase } from '../database.ts'
import { folderWith, groundstation, SEQUENCED_FEED } from './program.ts'

test('verify says what is missing beside what it compared, where there is something', async t => {
  const run = { cwd: await folderWith(t, { 'a.ts': SEQUENCED_FEED }), env: { DATABASE_URL: await freshDatabase(t) } }
  const verified = (...more: string[]) => groundstation(['verify', 'a.ts', ...more], run)
  const ingested = (input: string) => groundstation(['ingest', 'a.ts', '-'], { ...run, input })
  await ingested('{"key":"a","number":1}')
  assert.deepEqual(await verified(), {
    code: 0,
    stdout: 'steps: 1 event, 1 key, 1 row: all as the record says.\n',
    stderr: '',
  })
  await ingested('{"key":"a","number":3}\n{"key":"a","number":4}\n{"key":"a","number":0}\n{"key":"a","number":2.5}')
  const { code, stdout } = await verified()
  assert.deepEqual([code, stdout.split(': ')[2]], [0, 'all as the record says; 2 held, 1 gap open, 2 dead letters.\n'])
  const { reports } = JSON.parse((await verified('--json')).stdout)
  const { held, openGaps, releasedGaps, openDeadLetters } = reports[0]
  assert.deepEqual(
    { held, openGaps, releasedGaps, openDeadLetters },
    { held: 2, openGaps: 1, releasedGaps: 0, openDeadLetters: 2 },
  )
})

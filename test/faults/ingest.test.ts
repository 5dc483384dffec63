import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createRandom } from '../../simulators/rockets/random.ts'
import { freshDatabase } from '../database.ts'
import { report, type Violation } from './checker.ts'
import { ingestRun } from './ingest-run.ts'
import { expectKept, seedOf } from './load.ts'
import { plant } from './mutant.ts'
import { savedLater } from './planted.ts'

async function killedIngest(t: TestContext, seed: number, lines: number, root?: string): Promise<Violation[]> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-ingest-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const databaseUrl = await freshDatabase(t)
  const random = createRandom(seed, 'ingest')
  return ingestRun({ databaseUrl, folder, lines, kills: 2, random, ...(root === undefined ? {} : { root }) })
}

test('an ingest killed with -9 and run again: each line of the file once', async t => {
  const seed = seedOf()
  expectKept({ violations: await killedIngest(t, seed, 40_000) }, seed, import.meta.url)
})

test('planted: the position of a log saved outside the transaction; breaks O', async t => {
  const statement = `await client.query({\n    name: 'advance-sources'`
  const root = await plant(t, savedLater('src/store/write/sources.ts', 'advanceSources', statement))
  const seed = seedOf()
  const violations = await killedIngest(t, seed, 10_000, root)
  t.diagnostic(report(violations).slice(0, 400))
  assert.ok(
    violations.some(({ promise }) => promise === 'O'),
    `nobody noticed (seed ${seed}): ${report(violations)}`,
  )
})

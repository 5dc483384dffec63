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
  const root = await plant(t, [
    {
      file: 'src/engine/persist.ts',
      find: 'await advanceSource(client,',
      replace: 'if (batch.effects.notes.push("") < 0) await advanceSource(client,',
    },
    {
      file: 'src/engine/transaction.ts',
      find: `await client.query('commit')`,
      replace: `await client.query('commit')
        await new Promise(resolve => setTimeout(resolve, 60))
        for (const { id, nextOffset } of batch.effects.sources)
          await client.query('update groundstation.source set next_offset = $2 where id = $1', [id, nextOffset])`,
    },
  ])
  const seed = seedOf()
  const violations = await killedIngest(t, seed, 10_000, root)
  t.diagnostic(report(violations).slice(0, 400))
  assert.ok(
    violations.some(({ promise }) => promise === 'O'),
    `nobody noticed (seed ${seed}): ${report(violations)}`,
  )
})

/** A check that can't fail proves nothing: each planted bug must break one of its promises, in the same run, under the same checker. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { report } from './checker.ts'
import { Cluster } from './cluster.ts'
import { liveRun } from './live-runs.ts'
import { type Run, seedOf } from './load.ts'
import { plant } from './mutant.ts'
import type { Planted } from './planted.ts'
import { crashRun, cutRun, killRun, type RunOptions, twoRun } from './runs.ts'

const RUNS: Record<Planted['run'], (t: TestContext, options: RunOptions) => Promise<Run>> = {
  kill: killRun,
  two: twoRun,
  crash: crashRun,
  cuts: cutRun,
  live: (t, options) => liveRun(t, { ...options, ...LIVE }),
}

/** Bodies large enough that a service's writers work side by side. */
const LIVE = { listeners: 16, messages: 2_000, rockets: 30, singles: 4, streams: 6 }

export function testPlanted(all: readonly Planted[]): void {
  let cluster: Cluster
  before(async () => {
    cluster = await Cluster.make()
    await cluster.start()
  })
  after(() => cluster.remove())
  for (const planted of all) {
    const { name, run, edits, env = {}, breaks } = planted
    test(`planted: ${name}; breaks ${breaks.join(' or ')}`, async t => {
      const root = await plant(t, edits)
      const seed = seedOf()
      const faults = planted.faults ?? 2
      const service = { root, env, program: 'engine' as const }
      // What a planted bug breaks may never drain: then the wait ends soon, and the checker says what is there.
      const { violations } = await RUNS[run](t, {
        seed,
        messages: run === 'two' ? 1_500 : 800,
        faults,
        cluster,
        service,
        drainMs: 12_000,
      })
      t.diagnostic(report(violations).slice(0, 600))
      const broken = new Set(violations.map(({ promise }) => promise))
      assert.ok(
        breaks.some(promise => broken.has(promise)),
        `nobody noticed (seed ${seed}); what was noticed: ${report(violations)}`,
      )
    })
  }
}

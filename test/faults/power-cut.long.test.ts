/**
 * Power loss: the data lies on a disk image, which is copied under load. The copy has what was synced and not what only the
 * system's cache had; it must open with all that was acknowledged. Needs root and loop mounts.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { check, report, type Violation } from './checker.ts'
import { Cluster } from './cluster.ts'
import type { History } from './history.ts'
import { expectKept, runLoad, seedOf } from './load.ts'
import { statement } from './observed.ts'
import { newService } from './service.ts'

const run = promisify(execFile)
const skip = process.geteuid?.() === 0 && process.platform === 'linux' ? false : 'needs root to mount a disk image'

const BYTES = '700M'

/** What was set up, undone from the last to the first: a disk is unmounted after the server on it has ended. */
type Undo = (work: () => Promise<unknown>) => void

async function mount(undo: Undo, image: string, at: string): Promise<void> {
  await mkdir(at)
  await run('mount', ['-o', 'loop', image, at])
  undo(() => run('umount', [at]))
}

async function powerCut(t: TestContext, seed: number, settings: Record<string, string>): Promise<Violation[]> {
  const undone: (() => Promise<unknown>)[] = []
  t.after(async () => {
    for (const work of undone.reverse()) await work()
  })
  const undo: Undo = work => undone.push(work)
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-power-'))
  undo(() => rm(folder, { recursive: true, force: true }))
  // The server runs as another user, who has to get there.
  await chmod(folder, 0o755)
  const image = join(folder, 'disk.img')
  await run('truncate', ['-s', BYTES, image])
  await run('mkfs.ext4', ['-q', image])
  await mount(undo, image, join(folder, 'disk'))
  const cluster = await Cluster.make(join(folder, 'disk'))
  undo(() => cluster.crash())
  await cluster.start(settings)
  const databaseUrl = await cluster.newDatabase()
  const service = await newService(t, { databaseUrl, program: 'engine' })
  undo(() => service.retire())
  await service.start()
  await statement(databaseUrl, 'checkpoint')
  await run('sync', ['-f', join(folder, 'disk')])
  const violations: Violation[] = []
  const { violations: later } = await runLoad({
    seed,
    messages: 3_000,
    services: [service],
    databaseUrl,
    faults: async history => {
      await history.reached(1_500)
      const { known, again } = await cut(undo, cluster, history, folder)
      violations.push(...(await check(known, again.url(new URL(databaseUrl).pathname.slice(1)))))
    },
  })
  return [...violations, ...later]
}

/** What was known when the power went off, and a server on what the disk had then. */
async function cut(undo: Undo, cluster: Cluster, history: History, folder: string) {
  const copy = join(folder, 'copy.img')
  let known = history
  await cluster.frozen(async () => {
    known = history.snapshot()
    await copyFile(join(folder, 'disk.img'), copy)
  })
  await mount(undo, copy, join(folder, 'copied'))
  const again = await cluster.onCopy(join(folder, 'copied', basename(cluster.folder)))
  undo(() => again.crash())
  // It names the first server's process, which lives, as it wouldn't after a power cut.
  await rm(join(again.data, 'postmaster.pid'), { force: true })
  await again.start()
  return { known, again }
}

test('the power goes off under load', { skip }, async t => {
  const seed = seedOf()
  expectKept({ violations: await powerCut(t, seed, {}) }, seed, import.meta.url)
})

test('planted: fsync=off; breaks L', { skip }, async t => {
  const violations = await powerCut(t, seedOf(), { fsync: 'off' })
  t.diagnostic(report(violations).slice(0, 400))
  assert.ok(
    violations.some(({ promise }) => promise === 'L'),
    `nobody noticed: ${report(violations)}`,
  )
})

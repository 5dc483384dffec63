/** Faults of the database alone: backends ended, the postmaster killed, an outage, locks that nobody gives back. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { exchange } from './client.ts'
import { childrenOf } from './cluster.ts'
import { type Run, runLoad } from './load.ts'
import { statement, withConnection } from './observed.ts'
import { eachFault, leftovers, type RunOptions } from './runs.ts'
import { newService, type Service } from './service.ts'

const OURS = `application_name = 'groundstation' and datname = current_database()`

/** Backends ended in order and with -9 (which makes PostgreSQL restart all of them), and the postmaster killed. */
export async function backendRun(t: TestContext, options: RunOptions): Promise<Run> {
  const { cluster } = options
  const databaseUrl = await cluster.newDatabase()
  const service = await newService(t, { databaseUrl, ...options.service })
  await service.start()
  const ways = [
    () => statement(databaseUrl, `select pg_terminate_backend(pid) from pg_stat_activity where ${OURS}`),
    () => killBackend(databaseUrl),
    async () => {
      await cluster.killPostmaster()
      await cluster.start()
    },
  ]
  const run = await runLoad({
    ...options,
    services: [service],
    databaseUrl,
    faults: (history, random) =>
      eachFault(options, history, random, async index => {
        await (ways[index % ways.length] as () => Promise<unknown>)()
        while (!(await cluster.answers())) await delay(20)
      }),
  })
  return { ...run, violations: [...run.violations, ...(await leftovers(databaseUrl, service))] }
}

async function killBackend(databaseUrl: string): Promise<void> {
  const [row] = await statement(databaseUrl, `select pid from pg_stat_activity where ${OURS} limit 1`)
  if (row !== undefined) process.kill(Number(row.pid), 'SIGKILL')
}

/** Locks that somebody else holds for a while: answers are late or refusals, and afterwards all goes on by itself. */
export async function lockRun(t: TestContext, options: RunOptions & { readonly holdMs: number }): Promise<Run> {
  const databaseUrl = await options.cluster.newDatabase()
  const service = await newService(t, { databaseUrl, ...options.service })
  await service.start()
  const run = await runLoad({
    ...options,
    services: [service],
    databaseUrl,
    answerTimeoutMs: 60_000,
    faults: (history, random) =>
      eachFault(options, history, random, async () => {
        await withConnection(databaseUrl, async client => {
          await client.query('begin; lock table groundstation.lane in access exclusive mode')
          const before = history.acknowledged
          await delay(options.holdMs)
          // What was decided before the lock may still be told; nothing that needs the lane is.
          assert.ok(history.acknowledged - before < 400, 'answered with 2xx while the lanes were locked')
          await client.query('rollback')
        })
      }),
  })
  return { ...run, violations: [...run.violations, ...(await leftovers(databaseUrl, service))] }
}

/** A backend stopped in the middle of its work (SIGSTOP), with whatever locks it holds. */
export async function frozenRun(t: TestContext, options: RunOptions & { readonly holdMs: number }): Promise<Run> {
  const { cluster } = options
  const databaseUrl = await cluster.newDatabase()
  const service = await newService(t, { databaseUrl, ...options.service })
  await service.start()
  const run = await runLoad({
    ...options,
    services: [service],
    databaseUrl,
    answerTimeoutMs: 60_000,
    faults: (history, random) =>
      eachFault(options, history, random, async () => {
        const busy = await statement(databaseUrl, `select pid from pg_stat_activity where ${OURS} and state <> 'idle'`)
        const children = new Set(await childrenOf(cluster.pid))
        const pids = busy.map(({ pid }) => Number(pid)).filter(pid => children.has(pid))
        for (const pid of pids) process.kill(pid, 'SIGSTOP')
        await delay(options.holdMs)
        for (const pid of pids) process.kill(pid, 'SIGCONT')
      }),
  })
  return { ...run, violations: [...run.violations, ...(await leftovers(databaseUrl, service))] }
}

/** H: while the database is down nothing is answered with 2xx, the answer says when to come back, and readiness is 503. */
export async function outage(t: TestContext, { cluster, seed }: Pick<RunOptions, 'cluster' | 'seed'>): Promise<Run> {
  const databaseUrl = await cluster.newDatabase()
  const service = await newService(t, { databaseUrl })
  await service.start()
  const handles = await service.handles()
  await cluster.crash()
  const startedMs = performance.now()
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => postOne(service, index)))
  for (const { status, retryAfter } of answers) {
    assert.equal(status, 503)
    assert.ok(retryAfter !== undefined, '503 without Retry-After')
  }
  // Sooner than a client that resends after 10 s gives up waiting, also for those that queued behind a batch that failed.
  const waitedMs = performance.now() - startedMs
  assert.ok(waitedMs < 9_000, `answered after ${Math.round(waitedMs)} ms`)
  assert.equal(await service.readiness(), 503)
  await cluster.start()
  while ((await service.readiness()) !== 200) await delay(20, undefined, { signal: t.signal })
  const run = await runLoad({ seed, messages: 200, services: [service], databaseUrl, faults: async () => undefined })
  const more = await leftovers(databaseUrl, service)
  const now = await service.handles()
  // The pool's connections may all be open now.
  if (now > handles + 24)
    more.push({ promise: 'R', text: `${now} handles are open after the outage, ${handles} before` })
  return { ...run, violations: [...run.violations, ...more] }
}

/** Broken bytes, so that nothing of it has to be on the record afterwards; their dead letter needs the database too. */
async function postOne(service: Service, index: number): Promise<{ status: number; retryAfter: string | undefined }> {
  const options = { signal: AbortSignal.timeout(30_000), answerTimeoutMs: 30_000 }
  const body = `{"metadata":{"channel":"${index}"}}`
  const { status, headers } = await exchange(`${service.url}/messages`, body, 'application/json', undefined, options)
  return { status, retryAfter: headers['retry-after'] }
}

/** The fault runs, each of them used with the project's own source and with the copies in which a bug is planted. */
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../simulators/rockets/random.ts'
import type { Violation } from './checker.ts'
import type { Cluster } from './cluster.ts'
import type { History } from './history.ts'
import { type LoadOptions, type Run, runLoad } from './load.ts'
import { statement, withConnection } from './observed.ts'
import { CuttingProxy } from './proxy.ts'
import { newService, type Service, type ServiceOptions } from './service.ts'

export type RunOptions = Pick<LoadOptions, 'seed' | 'messages'> &
  Partial<Pick<LoadOptions, 'drainMs' | 'singles' | 'streams' | 'rockets' | 'invalid'>> & {
    readonly cluster: Cluster
    /** How often a fault happens. */
    readonly faults: number
    readonly service?: Pick<ServiceOptions, 'root' | 'program' | 'env'>
  }

/**
 * Does something to the system after random parts of the load. What is waited for is a fact; the milliseconds after it are
 * chance, so that the fault isn't always met by a batch that has just begun.
 */
export async function eachFault(
  { messages, faults }: Pick<RunOptions, 'messages' | 'faults'>,
  history: History,
  random: Random,
  fault: (index: number) => Promise<void> | void,
): Promise<void> {
  for (let index = 0; index < faults; index++) {
    const share = index + 0.2 + random.below(70) / 100
    await history.reached(Math.floor((messages / (faults + 1)) * share))
    await delay(random.below(40))
    await fault(index)
  }
}

/** kill -9 of one service under load, again and again, started again at once. */
export async function killRun(t: TestContext, options: RunOptions): Promise<Run> {
  const databaseUrl = await options.cluster.newDatabase()
  const service = await newService(t, { databaseUrl, ...options.service })
  await service.start()
  return runLoad({
    ...options,
    services: [service],
    databaseUrl,
    faults: (history, random) =>
      eachFault(options, history, random, async () => {
        await service.kill()
        await service.start()
      }),
  })
}

/** Two services against one database, killed in turn while the other goes on. */
export async function twoRun(t: TestContext, options: RunOptions): Promise<Run> {
  const databaseUrl = await options.cluster.newDatabase()
  const services = [
    await newService(t, { databaseUrl, ...options.service }),
    await newService(t, { databaseUrl, ...options.service }),
  ]
  // At once: of two that meet an empty database one migrates and the other waits.
  await Promise.all(services.map(service => service.start()))
  return runLoad({
    ...options,
    services,
    databaseUrl,
    faults: (history, random) =>
      eachFault(options, history, random, async index => {
        const service = services[index % 2] as Service
        await service.kill()
        await service.start()
      }),
  })
}

/** All of the database's processes killed under load, as when the machine stops; what it didn't write is lost. */
export async function crashRun(t: TestContext, options: RunOptions): Promise<Run> {
  const { cluster } = options
  // What an asynchronous commit leaves unwritten stays so for 10 s: then its loss is no matter of luck.
  await cluster.crash()
  await cluster.start({ wal_writer_delay: '10s' })
  const databaseUrl = await cluster.newDatabase()
  const service = await newService(t, { databaseUrl, ...options.service })
  await service.start()
  // The tables at least are there, so that the events can be looked for.
  await statement(databaseUrl, 'checkpoint')
  return runLoad({
    ...options,
    services: [service],
    databaseUrl,
    faults: (history, random) =>
      eachFault(options, history, random, async () => {
        await cluster.crash()
        await cluster.start({ wal_writer_delay: '10s' })
      }),
  })
}

/** Connections cut before and after a commit arrives, through a proxy between service and database. */
export async function cutRun(t: TestContext, options: RunOptions): Promise<Run> {
  const { cluster } = options
  const proxy = await CuttingProxy.open(cluster.port)
  t.after(() => proxy.close())
  const databaseUrl = await cluster.newDatabase()
  const name = new URL(databaseUrl).pathname.slice(1)
  const service = await newService(t, { databaseUrl: cluster.url(name, proxy.port), ...options.service })
  await service.start()
  const run = await runLoad({
    ...options,
    services: [service],
    databaseUrl,
    faults: async (history, random) => {
      let due = 0
      proxy.onCommit = () => {
        if (due === 0) return undefined
        due -= 1
        return random.chance(0.5) ? 'before' : 'after'
      }
      await eachFault(options, history, random, () => {
        due += 1
      })
    },
  })
  return { ...run, violations: [...run.violations, ...(await leftovers(databaseUrl, service))] }
}

/** Connections on which nothing comes any more, in the middle of a commit: found out, and their posts answered. */
export async function halfOpenRun(t: TestContext, options: RunOptions): Promise<Run> {
  const { cluster } = options
  const proxy = await CuttingProxy.open(cluster.port)
  t.after(() => proxy.close())
  const databaseUrl = await cluster.newDatabase()
  const name = new URL(databaseUrl).pathname.slice(1)
  const service = await newService(t, { databaseUrl: cluster.url(name, proxy.port), ...options.service })
  await service.start()
  return runLoad({
    ...options,
    services: [service],
    databaseUrl,
    faults: (history, random) =>
      eachFault(options, history, random, () => {
        proxy.onCommit = () => {
          proxy.onCommit = () => undefined
          return 'hold'
        }
      }),
  })
}

/** R: once all is answered no transaction is open, and the service holds no more connections than its pool may. */
export async function leftovers(databaseUrl: string, service: Service): Promise<Violation[]> {
  const sql = `select count(*)::int as all, count(*) filter (where state <> 'idle')::int as busy from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`
  return withConnection(databaseUrl, async client => {
    const deadline = performance.now() + 5_000
    for (;;) {
      const { rows } = await client.query<{ all: number; busy: number }>(sql)
      const { all = 0, busy = 0 } = rows[0] ?? {}
      const ready = await service.readiness()
      if (busy === 0 && all <= 12 && ready === 200) return []
      if (performance.now() > deadline)
        return [
          { promise: 'R', text: `${all} connections, ${busy} of them busy, and readiness ${ready} after the faults` },
        ]
      await delay(50)
    }
  })
}

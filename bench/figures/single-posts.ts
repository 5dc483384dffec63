import { setTimeout as delay } from 'node:timers/promises'
import { assertSame, type Bench } from '../bench.ts'
import { describeCost, startCost } from '../cost.ts'
import type { FastifyMethods } from '../processes/fastify.ts'
import type { PosterMethods } from '../processes/poster.ts'
import { type Process, startProcess } from '../processes/start.ts'
import { type Product, type Start, startProduct } from '../product.ts'

export const CONNECTIONS = 64
export const KEYS = 1_000
export const DATABASE = 'bench_posts'
const WARM_UP_SECONDS = 3
/** More than any server here answers in a second. */
const PER_SECOND_MAX = 30_000

/** Where posts end up. */
export type Destination = {
  /** How many are there. */
  count(): Promise<number>
  /** Transactions so far, where posts become such. */
  commits?(): Promise<number>
}

/** A product, its floor and a client, each in a process of its own. */
export type Stage = {
  readonly product: Product
  readonly destination: Destination
  readonly fastify: { readonly port: number; readonly pid: number }
  readonly poster: Process<PosterMethods>
}

let seed = 100

/** New rockets for each run, so that nothing that an earlier one left unsent is a hole in this one. */
export const prepare = (poster: Process<PosterMethods>, port: number, keys: number, count: number): Promise<void> => {
  seed += 1
  return poster.call('preparePosts', { port, seed, keys, count })
}

/** Posts for some seconds over as many connections, and counts at their destination what came of them. */
export async function postFor(
  bench: Bench,
  { product, fastify, poster, destination }: Stage,
  port: number,
  { seconds, keys }: { readonly seconds: number; readonly keys: number },
) {
  await prepare(poster, port, keys, seconds * PER_SECOND_MAX)
  const isProduct = port === product.port
  const before = isProduct ? await destination.count() : 0
  const commits = isProduct ? await destination.commits?.() : undefined
  await bench.server.settle()
  const cost = await startCost(isProduct ? product.pid : fastify.pid)
  const posted = await poster.call('post', { port, connections: CONNECTIONS, seconds })
  const spent = describeCost(await cost(), posted.answered)
  if (!isProduct) return { ...posted, spent }
  assertSame('the number of posts', (await destination.count()) - before, posted.answered)
  if (commits === undefined) return { ...posted, spent }
  const each = posted.answered / (((await destination.commits?.()) ?? Number.NaN) - commits)
  return { ...posted, spent: `${spent}; ${each.toFixed(1)} posts a commit` }
}

/** What is started, and where that leaves its posts; without it, everything in one process, on the record. */
export type Scene = {
  readonly start: Start
  readonly profile: string | undefined
  readonly destination: Destination
}

/** Sets the stage over an empty database, and warms both servers up. */
export async function withStage<Result>(
  bench: Bench,
  work: (stage: Stage) => Promise<Result>,
  { start, profile, destination }: Scene = onRecord(bench),
): Promise<Result> {
  const url = await bench.server.make(DATABASE, bench.blank)
  const floor = await startProcess<FastifyMethods>('fastify')
  const poster = await startProcess<PosterMethods>('poster')
  const product = await startProduct({ url }, profile, start)
  try {
    const { port } = await floor.call('listen', undefined)
    const stage = { product, destination, poster, fastify: { port, pid: floor.pid } }
    for (const warmed of [product.port, port])
      await postFor(bench, stage, warmed, { seconds: WARM_UP_SECONDS, keys: KEYS })
    return await work(stage)
  } finally {
    await product.stop()
    await poster.stop()
    await floor.stop()
  }
}

const onRecord = (bench: Bench): Scene => ({
  start: { args: [], env: {} },
  profile: bench.options.profile,
  destination: { count: () => recorded(bench), commits: () => committed(bench) },
})

export async function recorded({ server }: Bench): Promise<number> {
  const [row] = await server.query(DATABASE, 'select count(*) as count from groundstation.event')
  return Number(row?.count)
}

/** Transactions of that database so far. */
async function committed({ server }: Bench): Promise<number> {
  const sql = `select xact_commit as commits from pg_stat_database where datname = '${DATABASE}'`
  // A backend tells its count once a second at most.
  await delay(1_100)
  const [row] = await server.query(DATABASE, sql)
  return Number(row?.commits)
}

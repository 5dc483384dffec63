import { assertSame, type Bench, thousands } from '../bench.ts'
import { describeCost, startCost } from '../cost.ts'
import { compare, type Figure } from '../figure.ts'
import { profileOf } from '../options.ts'
import type { FastifyMethods } from '../processes/fastify.ts'
import { type Process, startProcess } from '../processes/start.ts'
import type { TellerMethods } from '../processes/teller.ts'
import { type Product, startProduct } from '../product.ts'

const DATABASE = 'bench_told'
const WARM_UP_SECONDS = 3

export type TellerStage = {
  readonly product: Product
  readonly fastify: { readonly port: number; readonly pid: number }
  readonly teller: Process<TellerMethods>
}

/** A product whose every event raises an alert, its floor, and who sends and listens. */
export async function withTeller<Result>(
  bench: Bench,
  name: string,
  work: (stage: TellerStage) => Promise<Result>,
): Promise<Result> {
  const url = await bench.server.make(DATABASE, bench.blank)
  const floor = await startProcess<FastifyMethods>('fastify')
  const teller = await startProcess<TellerMethods>('teller')
  const product = await startProduct({ url }, profileOf(bench.options, name), {
    args: ['bench/load/loud-rockets.ts'],
    env: { STREAMS_PER_USER_MAX: '10000' },
  })
  try {
    const { port } = await floor.call('listen', undefined)
    return await work({ product, teller, fastify: { port, pid: floor.pid } })
  } finally {
    await product.stop()
    await teller.stop()
    await floor.stop()
  }
}

let seed = 500

export type Telling = {
  readonly clients: number
  readonly perSecond: number
  readonly seconds: number
  readonly keys: number
}

/** Events at a rate to so many listeners, each of whom must get each of them once; how long that took. */
export async function tell(bench: Bench, { product, fastify, teller }: TellerStage, port: number, telling: Telling) {
  const { clients, ...traffic } = telling
  const isProduct = port === product.port
  const before = isProduct ? await raised(bench) : 0
  await teller.call('listen', { port, count: clients })
  await bench.server.settle()
  const cost = await startCost(isProduct ? product.pid : fastify.pid)
  seed += 1
  const told = await teller.call('post', { port, seed, ...traffic })
  const spent = describeCost(await cost(), told.deliveries)
  await teller.call('leave', undefined)
  if (isProduct) assertSame('the number of alerts', (await raised(bench)) - before, told.events)
  const { p50Ms, p99Ms, maxMs } = told
  const name = isProduct ? 'alerts' : 'Fastify'
  bench.say(`${name}: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms; ${spent}`)
  return { ...told, spent }
}

const raised = async ({ server }: Bench): Promise<number> =>
  Number((await server.query(DATABASE, 'select count(*) as count from groundstation.alert'))[0]?.count)

const PER_SECOND = 1_000
const KEYS = 200

/** From the moment a post is due to a client that has its alert. */
export function measureTold(bench: Bench): Promise<Figure[]> {
  return withTeller(bench, 'told', async stage => {
    const { product, fastify } = stage
    const { seconds, rounds } = bench.options
    const telling = { clients: 1, perSecond: PER_SECOND, seconds, keys: KEYS }
    const medians: number[] = []
    for (const port of [product.port, fastify.port])
      await tell(bench, stage, port, { ...telling, seconds: WARM_UP_SECONDS })
    const p99 = async (port: number): Promise<number> => {
      const { p50Ms, p99Ms } = await tell(bench, stage, port, telling)
      if (port === product.port) medians.push(p50Ms)
      return p99Ms
    }
    const compared = await compare(rounds, { floor: () => p99(fastify.port), value: () => p99(product.port) })
    return [
      {
        ...compared,
        name: 'told',
        title: `From POST to a client of the alerts, p99, at ${thousands(PER_SECOND)} events/s, each with an alert`,
        unit: 'ms',
        floor: { title: 'Fastify that hands on what is posted, and no database', value: compared.floorValue },
        goal: { most: 100 },
        notes: [`p50 ${Math.min(...medians).toFixed(1)}–${Math.max(...medians).toFixed(1)} ms`],
      },
    ]
  })
}

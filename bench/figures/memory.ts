import { setTimeout as delay } from 'node:timers/promises'
import { type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import type { FastifyMethods } from '../processes/fastify.ts'
import type { PosterMethods } from '../processes/poster.ts'
import { startProcess } from '../processes/start.ts'
import { rssMibOf, startProduct } from '../product.ts'
import { withHome } from './folder.ts'

const IDLE_MS = 5_000
const IDLE_AFTER_LOAD_MS = 20_000
const LOAD = 300_000

/** Resident memory of the Node process; PostgreSQL's own is not in it. */
export function measureMemory(bench: Bench): Promise<Figure[]> {
  return withHome(async home => {
    const loaded: number[] = []
    const compared = await compare(bench.options.rounds, {
      floor: idleFastify,
      value: async () => {
        const product = await startProduct({ home })
        await delay(IDLE_MS)
        const idle = await product.rssMib()
        await load(product.port, 1 + loaded.length)
        await delay(IDLE_AFTER_LOAD_MS)
        loaded.push(await product.rssMib())
        await product.stop()
        bench.say(`${idle.toFixed(0)} MiB idle, ${loaded.at(-1)?.toFixed(0)} MiB idle after load`)
        return idle
      },
    })
    const floor = { title: 'Fastify with the feed and no database', value: compared.floorValue }
    const common = { name: 'memory', unit: 'MiB', floor, goal: { most: 150 }, notes: [] }
    const value = Math.max(...loaded)
    const title = `Idle memory of the Node process ${IDLE_AFTER_LOAD_MS / 1000} s after ${thousands(LOAD)} events, the highest of the rounds`
    return [
      { ...compared, ...common, title: 'Idle memory of the Node process, embedded database' },
      {
        ...compared,
        ...common,
        name: 'memory after load',
        title,
        value,
        ratio: value / compared.floorValue,
        samples: { floor: compared.samples.floor, value: loaded },
      },
    ]
  })
}

async function idleFastify(): Promise<number> {
  const floor = await startProcess<FastifyMethods>('fastify')
  await floor.call('listen', undefined)
  await delay(IDLE_MS)
  const mib = await rssMibOf(floor.pid)
  await floor.stop()
  return mib
}

async function load(port: number, seed: number): Promise<void> {
  const poster = await startProcess<PosterMethods>('poster')
  await poster.call('prepareLines', { seed, events: LOAD, keys: 1_000 })
  await poster.call('stream', { port })
  await poster.stop()
}

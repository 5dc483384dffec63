import { setTimeout as delay } from 'node:timers/promises'
import { type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import { rssMibOf } from '../product.ts'
import { type TellerStage, type Telling, tell, withTeller } from './told.ts'

const CLIENTS = 1_000
const PER_SECOND = 100
/** Long enough that what grows is seen to grow. */
const TIMES_LONGER = 3
const SAMPLE_MS = 250

type Run = { readonly p99Ms: number; readonly firstMib: number; readonly lastMib: number }

/** A thousand clients, each of which gets each of a hundred alerts a second; and what the server holds meanwhile. */
export function measureCrowd(bench: Bench): Promise<Figure[]> {
  return withTeller(bench, 'crowd', async stage => {
    const { product, fastify } = stage
    const { rounds } = bench.options
    const telling = { clients: CLIENTS, perSecond: PER_SECOND, seconds: bench.options.seconds * TIMES_LONGER, keys: 20 }
    const runs = new Map<number, Run[]>([
      [product.port, []],
      [fastify.port, []],
    ])
    for (const port of runs.keys()) await tell(bench, stage, port, { ...telling, seconds: bench.options.seconds })
    const p99 = async (port: number): Promise<number> => {
      const run = await runOnce(bench, stage, port, telling)
      runs.get(port)?.push(run)
      return run.p99Ms
    }
    const compared = await compare(rounds, { floor: () => p99(fastify.port), value: () => p99(product.port) })
    const load = `${thousands(CLIENTS)} clients, ${PER_SECOND} alerts/s to each`
    const [ours = [], floors = []] = [runs.get(product.port), runs.get(fastify.port)]
    return [
      {
        ...compared,
        name: 'crowd',
        title: `From POST to the client, p99; ${load}, none missing, none twice`,
        unit: 'ms',
        floor: { title: 'Fastify that hands on what is posted, and no database', value: compared.floorValue },
        goal: undefined,
        notes: [],
      },
      {
        ...growth(ours, floors),
        name: 'crowd memory',
        title: `Resident memory at the end over that of a third of the way; ${load}, ${telling.seconds} s`,
        unit: 'times',
        goal: { most: 1.1 },
        notes: ours.map(({ firstMib, lastMib }) => `${firstMib.toFixed(0)} MiB, ${lastMib.toFixed(0)} MiB at the end`),
      },
    ]
  })
}

/** The highest of the second third, and of the last: collecting makes both go up and down. */
async function runOnce(bench: Bench, stage: TellerStage, port: number, telling: Telling): Promise<Run> {
  const pid = port === stage.product.port ? stage.product.pid : stage.fastify.pid
  const samples: number[] = []
  let isOver = false
  const sampling = (async () => {
    while (!isOver) {
      samples.push(await rssMibOf(pid))
      await delay(SAMPLE_MS)
    }
  })()
  const { p99Ms } = await tell(bench, stage, port, telling)
  isOver = true
  await sampling
  const third = Math.ceil(samples.length / 3)
  return {
    p99Ms,
    firstMib: Math.max(...samples.slice(third, 2 * third)),
    lastMib: Math.max(...samples.slice(2 * third)),
  }
}

function growth(ours: readonly Run[], floors: readonly Run[]) {
  const grown = ({ firstMib, lastMib }: Run) => lastMib / firstMib
  const [value, floor] = [ours, floors].map(runs => runs.map(grown)) as [number[], number[]]
  const highest = Math.max(...value)
  const floorValue = Math.max(...floor)
  return {
    value: highest,
    ratio: highest / floorValue,
    control: undefined,
    floor: { title: 'the same of that Fastify', value: floorValue },
    samples: { floor, value },
  }
}

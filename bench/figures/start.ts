import type { Bench } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import type { EmbeddedMethods } from '../processes/embedded.ts'
import { startProcess } from '../processes/start.ts'
import { startProduct } from '../product.ts'
import { withHome } from './folder.ts'

/** Each takes a second or two. */
const ROUNDS_LEAST = 3

/** From the command to an answer of /health/ready, on a data folder that was there before. */
export function measureStart(bench: Bench): Promise<Figure[]> {
  return withHome(async home => {
    const compared = await compare(Math.max(ROUNDS_LEAST, bench.options.rounds), {
      floor: () => openDatabase(home),
      value: async () => {
        const product = await startProduct({ home })
        await product.stop()
        bench.say(`ready after ${(product.readyAfterMs / 1000).toFixed(2)} s`)
        return product.readyAfterMs / 1000
      },
    })
    return [
      {
        ...compared,
        name: 'start',
        title: 'Start to ready on an existing data folder, embedded database',
        unit: 's',
        floor: { title: 'a process that opens this database, and nothing else', value: compared.floorValue },
        goal: { most: 3 },
        notes: [],
      },
    ]
  })
}

async function openDatabase(home: string): Promise<number> {
  const startedMs = performance.now()
  const child = await startProcess<EmbeddedMethods>('embedded')
  await child.call('open', { home })
  const seconds = (performance.now() - startedMs) / 1000
  await child.call('close', undefined)
  await child.stop()
  return seconds
}

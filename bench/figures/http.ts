import { assertSame, type Bench, thousands } from '../bench.ts'
import { describeCost, startCost } from '../cost.ts'
import { assertStored } from '../destination.ts'
import { compare, type Figure } from '../figure.ts'
import type { CopyMethods } from '../processes/copy.ts'
import type { PosterMethods } from '../processes/poster.ts'
import { type Process, startProcess } from '../processes/start.ts'
import { startProduct } from '../product.ts'
import { bareCopy, readRowsOf } from './bare-copy.ts'

const KEYS = 1_000
const WARM_UP = 20_000

type Streamed = { readonly count: number; readonly seconds: number; readonly spent: string }

/** NDJSON in one post to a server of its own, beside a bare COPY of the rows that became of it. */
export async function measureHttp(bench: Bench): Promise<Figure[]> {
  const { events, rounds, writers } = bench.options
  const poster = await startProcess<PosterMethods>('poster')
  const copy = await startProcess<CopyMethods>('copy')
  try {
    let lines = await stream(bench, poster)
    await readRowsOf(bench, copy, 'bench_http')
    const compared = await compare(rounds, {
      floor: () => bareCopy(bench, copy, events + WARM_UP),
      value: async () => {
        lines = await stream(bench, poster)
        return events / lines.seconds
      },
    })
    return [
      {
        ...compared,
        name: 'http',
        title: `NDJSON over HTTP; ${thousands(events)} events, ${thousands(KEYS)} keys, shuffled within 300, 10% duplicates`,
        unit: 'events/s',
        floor: { title: `bare COPY of the same rows, ${writers} connections`, value: compared.floorValue },
        goal: { least: 0.5 },
        notes: [
          `events are counted once: of the ${thousands(lines.count)} lines each repeat is work as well`,
          lines.spent,
        ],
      },
    ]
  } finally {
    await poster.stop()
    await copy.stop()
  }
}

async function stream(bench: Bench, poster: Process<PosterMethods>): Promise<Streamed> {
  const { server, options, blank } = bench
  const { events } = options
  const url = await server.make('bench_http', blank)
  const product = await startProduct({ url }, options.profile)
  try {
    await poster.call('prepareLines', { seed: 2, events: WARM_UP, keys: KEYS })
    await poster.call('stream', { port: product.port })
    const { lines } = await poster.call('prepareLines', { seed: 1, events, keys: KEYS })
    await server.settle()
    const cost = await startCost(product.pid)
    const { seconds, totals } = await poster.call('stream', { port: product.port })
    const spent = describeCost(await cost(), events)
    await assertStored(bench, 'bench_http', events + WARM_UP)
    assertSame('the accepted and held', (totals.accepted ?? 0) + (totals.held ?? 0), events)
    assertSame('the duplicates', totals.duplicate, lines - events)
    bench.say(`HTTP ${thousands(events / seconds)} events/s, ${thousands(lines / seconds)} lines/s; ${spent}`)
    return { count: lines, seconds, spent }
  } finally {
    await product.stop()
  }
}

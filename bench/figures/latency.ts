import { assertSame, type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import { KEYS, postFor, prepare, recorded, withStage } from './single-posts.ts'

/** Of so many posts one is followed by a GET, so that the asking is a small part of the load. */
const EVERY = 10

/** From the moment a post is due to the GET that shows it, at half the load that single posts reach. */
export function measureLatency(bench: Bench): Promise<Figure[]> {
  return withStage(bench, async stage => {
    const { product, fastify, poster } = stage
    const { seconds, rounds } = bench.options
    const full = await postFor(bench, stage, product.port, { seconds: Math.min(seconds, 5), keys: KEYS })
    const perSecond = full.answered / full.seconds / 2
    const medians: number[] = []
    const stale: number[] = []
    const p99 = async (port: number): Promise<number> => {
      await prepare(poster, port, KEYS, Math.ceil(perSecond * seconds))
      const before = await recorded(bench)
      await bench.server.settle()
      const probed = await poster.call('probe', { port, perSecond, seconds, every: EVERY })
      if (port === product.port) {
        assertSame('the record', (await recorded(bench)) - before, probed.answered)
        medians.push(probed.p50Ms)
        stale.push(probed.stale)
      }
      const { p50Ms, p99Ms, maxMs } = probed
      bench.say(
        `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms, ${probed.probes} probes`,
      )
      return p99Ms
    }
    const compared = await compare(rounds, { floor: () => p99(fastify.port), value: () => p99(product.port) })
    return [
      {
        ...compared,
        name: 'latency',
        title: `From POST to readable by GET, p99, at ${thousands(perSecond)} posts/s`,
        unit: 'ms',
        floor: { title: 'Fastify with the same validation and no database', value: compared.floorValue },
        goal: { most: 50 },
        notes: [
          `p50 ${Math.min(...medians).toFixed(1)}–${Math.max(...medians).toFixed(1)} ms`,
          `GETs after an answered POST that didn't show it yet: ${Math.max(...stale)}`,
        ],
      },
    ]
  })
}

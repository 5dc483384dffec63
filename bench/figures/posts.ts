import { type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import { CONNECTIONS, KEYS, postFor, withStage } from './single-posts.ts'

/** Single posts, each answered when it is durable and in order, beside a server that only reads and checks them. */
export function measurePosts(bench: Bench): Promise<Figure[]> {
  return withStage(bench, async stage => {
    const waits: number[] = []
    const costs: string[] = []
    const posts = async (port: number): Promise<number> => {
      const { answered, seconds, p99Ms, spent } = await postFor(bench, stage, port, {
        seconds: bench.options.seconds,
        keys: KEYS,
      })
      if (port === stage.product.port) {
        waits.push(p99Ms)
        costs.push(spent)
      }
      bench.say(`${port === stage.product.port ? 'posts' : 'Fastify'} ${thousands(answered / seconds)}/s; ${spent}`)
      return answered / seconds
    }
    const compared = await compare(bench.options.rounds, {
      floor: () => posts(stage.fastify.port),
      value: () => posts(stage.product.port),
    })
    return [
      {
        ...compared,
        name: 'posts',
        title: `Single posts, durable and ordered; ${CONNECTIONS} connections, ${thousands(KEYS)} keys`,
        unit: 'posts/s',
        floor: { title: 'Fastify with the same validation and no database', value: compared.floorValue },
        goal: { least: 0.5 },
        notes: [`p99 of the answers at this load: ${Math.max(...waits).toFixed(1)} ms`, ...costs],
      },
    ]
  })
}

import { type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import { profileOf } from '../options.ts'
import { type Cluster, recordsIn, roleOf } from './cluster.ts'
import { CONNECTIONS, KEYS, postFor, withStage } from './single-posts.ts'

/** Single posts, each answered when its record is on the topic, beside a server that only reads and checks them. */
export async function postsToTopic(bench: Bench, cluster: Cluster): Promise<Figure> {
  const { seconds, rounds } = bench.options
  const topic = await cluster.makeTopic()
  const scene = {
    profile: profileOf(bench.options, 'gateway-posts'),
    start: roleOf('gateway', cluster, topic),
    destination: { count: async () => recordsIn(await cluster.ends(topic)) },
  }
  const notes: string[] = []
  const waits: number[] = []
  const compared = await withStage(
    bench,
    stage => {
      const posts = async (port: number): Promise<number> => {
        const { answered, seconds: took, p99Ms, spent } = await postFor(bench, stage, port, { seconds, keys: KEYS })
        const isOurs = port === stage.product.port
        if (isOurs) {
          waits.push(p99Ms)
          notes.push(spent)
        }
        bench.say(`${isOurs ? 'gateway' : 'Fastify'} ${thousands(answered / took)} posts/s; ${spent}`)
        return answered / took
      }
      return compare(rounds, { floor: () => posts(stage.fastify.port), value: () => posts(stage.product.port) })
    },
    scene,
  )
  await cluster.dropTopic(topic)
  return {
    ...compared,
    name: 'gateway posts',
    title: `Single posts to a topic; ${CONNECTIONS} connections, ${thousands(KEYS)} keys`,
    unit: 'posts/s',
    floor: { title: 'Fastify with the same validation and no topic', value: compared.floorValue },
    goal: { least: 0.5 },
    notes: [`p99 of the answers at this load: ${Math.max(...waits).toFixed(1)} ms`, ...notes],
  }
}

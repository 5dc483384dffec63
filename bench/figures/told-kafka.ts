import { assertSame, type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import { profileOf } from '../options.ts'
import { startProcess } from '../processes/start.ts'
import type { TellerMethods } from '../processes/teller.ts'
import { startProduct } from '../product.ts'
import { type Cluster, recordsIn, withCluster } from './cluster.ts'

const PER_SECOND = 1_000
const KEYS = 200
const DATABASE = 'bench_told_kafka'
const SEED = 900

/** From the moment at which an event is due to be produced to a client that has its alert. */
export function measureToldFromKafka(bench: Bench): Promise<Figure[]> {
  return withCluster(bench, async cluster => {
    const { rounds } = bench.options
    const medians: number[] = []
    const compared = await compare(rounds, {
      floor: () => tail(bench, cluster),
      value: async () => {
        const { p50Ms, p99Ms } = await follow(bench, cluster)
        medians.push(p50Ms)
        return p99Ms
      },
    })
    return [
      {
        ...compared,
        name: 'told kafka',
        title: `From produce to a client of the alerts, p99, at ${thousands(PER_SECOND)} events/s, each with an alert`,
        unit: 'ms',
        floor: { title: 'a consumer that fetches the topic as fast as it can', value: compared.floorValue },
        goal: { most: 100 },
        notes: [`p50 ${Math.min(...medians).toFixed(1)}–${Math.max(...medians).toFixed(1)} ms`],
      },
    ]
  })
}

async function follow(bench: Bench, cluster: Cluster) {
  const { server, options, blank } = bench
  const topic = await cluster.makeTopic()
  const url = await server.make(DATABASE, blank)
  const teller = await startProcess<TellerMethods>('teller')
  const product = await startProduct({ url }, profileOf(options, 'told-kafka'), {
    args: ['bench/load/loud-rockets.ts', '--roles', 'worker,api'],
    env: { KAFKA_BROKERS: cluster.brokers, ROCKETS_TOPIC: topic },
  })
  try {
    await teller.call('listen', { port: product.port, count: 1 })
    const told = await produceTwice(bench, cluster, teller, topic)
    const [row] = await server.query(DATABASE, 'select count(*) as count from groundstation.alert')
    assertSame('the number of alerts', row?.count, recordsIn(await cluster.ends(topic)))
    return told
  } finally {
    await product.stop()
    await teller.stop()
    await server.drop(DATABASE)
    await cluster.dropTopic(topic)
  }
}

async function tail(bench: Bench, cluster: Cluster): Promise<number> {
  const topic = await cluster.makeTopic()
  const teller = await startProcess<TellerMethods>('teller')
  try {
    await teller.call('tail', { brokers: cluster.brokers, topic })
    const { p99Ms } = await produceTwice(bench, cluster, teller, topic)
    await teller.call('leave', undefined)
    return p99Ms
  } finally {
    await teller.stop()
    await cluster.dropTopic(topic)
  }
}

/** Once to warm up, and until the topic's reader has begun; what the second time took. */
async function produceTwice(
  { options, server, say }: Bench,
  { brokers }: Cluster,
  teller: Awaited<ReturnType<typeof startProcess<TellerMethods>>>,
  topic: string,
) {
  const traffic = { brokers, topic, keys: KEYS, perSecond: PER_SECOND }
  await teller.call('produce', { ...traffic, seed: SEED, seconds: 2 })
  await server.settle()
  const told = await teller.call('produce', { ...traffic, seed: SEED + 1, seconds: options.seconds })
  const { p50Ms, p99Ms, maxMs } = told
  say(`p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms`)
  return told
}

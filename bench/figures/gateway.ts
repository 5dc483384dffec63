import { assertSame, type Bench, thousands } from '../bench.ts'
import { describeCost, startCost } from '../cost.ts'
import { compare, type Figure } from '../figure.ts'
import { PARTITIONS } from '../load/records.ts'
import { profileOf } from '../options.ts'
import type { PosterMethods } from '../processes/poster.ts'
import type { ProducerMethods } from '../processes/producer.ts'
import { type Process, startProcess } from '../processes/start.ts'
import { startProduct } from '../product.ts'
import { type Cluster, recordsIn, roleOf, withCluster } from './cluster.ts'
import { postsToTopic } from './gateway-posts.ts'

const KEYS = 1_000
const WARM_UP = 20_000

/** Posts that end on a topic: validated, and durable there when they are answered. */
export function measureGateway(bench: Bench): Promise<Figure[]> {
  return withCluster(bench, async cluster => [await lines(bench, cluster), await postsToTopic(bench, cluster)])
}

async function lines(bench: Bench, cluster: Cluster): Promise<Figure> {
  const { events, rounds } = bench.options
  const poster = await startProcess<PosterMethods>('poster')
  const producer = await startProcess<ProducerMethods>('producer')
  try {
    await producer.call('prepare', { seed: 1, events, keys: KEYS })
    const costs: string[] = []
    const compared = await compare(rounds, {
      floor: () => produce(bench, cluster, producer),
      value: async () => {
        const { seconds, spent } = await stream(bench, cluster, poster)
        costs.push(spent)
        return events / seconds
      },
    })
    return {
      ...compared,
      name: 'gateway',
      title: `NDJSON over HTTP to a topic; ${thousands(events)} events, ${PARTITIONS} partitions`,
      unit: 'events/s',
      floor: { title: 'a bare producer of the same records, 1,000 at a time, 4 in flight', value: compared.floorValue },
      goal: { least: 0.5 },
      notes: costs,
    }
  } finally {
    await poster.stop()
    await producer.stop()
  }
}

/** One post of all lines to a gateway of its own. */
async function stream(bench: Bench, cluster: Cluster, poster: Process<PosterMethods>) {
  const { server, options, blank } = bench
  const { events } = options
  const topic = await cluster.makeTopic()
  const url = await server.make('bench_gateway', blank)
  const product = await startProduct({ url }, profileOf(options, 'gateway'), roleOf('gateway', cluster, topic))
  try {
    await poster.call('prepareRecords', { seed: 2, events: WARM_UP, keys: KEYS })
    await poster.call('stream', { port: product.port })
    await poster.call('prepareRecords', { seed: 1, events, keys: KEYS })
    await server.settle()
    const cost = await startCost(product.pid, cluster.pid)
    const { seconds, totals } = await poster.call('stream', { port: product.port })
    const spent = describeCost(await cost(), events)
    assertSame('the topic', recordsIn(await cluster.ends(topic)), events + WARM_UP)
    assertSame('the number of queued', totals.queued, events)
    bench.say(`gateway ${thousands(events / seconds)} events/s; ${spent}`)
    return { seconds, spent }
  } finally {
    await product.stop()
    await server.drop('bench_gateway')
    await cluster.dropTopic(topic)
  }
}

/** The same records, headers and all, from the same driver. */
async function produce(bench: Bench, cluster: Cluster, producer: Process<ProducerMethods>): Promise<number> {
  const { events } = bench.options
  const topic = await cluster.makeTopic()
  const produced = { brokers: cluster.brokers, topic, timestampMs: Date.now(), hasHeaders: true }
  await producer.call('produce', { ...produced, count: WARM_UP })
  await bench.server.settle()
  const cost = await startCost(producer.pid, cluster.pid)
  const { seconds } = await producer.call('produce', produced)
  const spent = describeCost(await cost(), events)
  assertSame('the topic', recordsIn(await cluster.ends(topic)), events + Math.min(events, WARM_UP))
  await cluster.dropTopic(topic)
  bench.say(`producer ${thousands(events / seconds)} events/s; ${spent}`)
  return events / seconds
}

import { assertSame, type Bench, thousands } from '../bench.ts'
import { describeCost, startCost } from '../cost.ts'
import { assertStored } from '../destination.ts'
import { KEYED_TABLE } from '../load/keyed-rows.ts'
import type { ConsumerMethods } from '../processes/consumer.ts'
import type { CopyMethods } from '../processes/copy.ts'
import { type Process, startProcess } from '../processes/start.ts'
import { BATCH } from './bare-copy.ts'
import type { Cluster } from './cluster.ts'
import { DATABASE, type Filled } from './read-topic.ts'

/** As new as the worker, so that nobody's code is warmer. */
export async function consumeTopic(bench: Bench, cluster: Cluster, { topic, events }: Filled): Promise<number> {
  const { server, options, blank } = bench
  const consumer = await startProcess<ConsumerMethods>('consumer')
  try {
    await consumer.call('read', { url: server.urlOf(DATABASE), connections: options.writers, batch: BATCH })
    const url = await server.make('bench_consumer', blank)
    await server.settle()
    const cost = await startCost(consumer.pid, cluster.pid)
    const ends = await cluster.ends(topic)
    const { seconds, parsed } = await consumer.call('consume', { url, brokers: cluster.brokers, topic, ends })
    const spent = describeCost(await cost(), events)
    assertSame('the number of records parsed', parsed, events)
    await assertStored(bench, 'bench_consumer', events, { folded: false })
    await server.drop('bench_consumer')
    bench.say(`consumer ${thousands(events / seconds)}/s; ${spent}`)
    return events / seconds
  } finally {
    await consumer.stop()
  }
}

/** The least that anybody keeps of such a topic, encoded before the clock starts. */
export async function copyTable({ server, options, say }: Bench, copy: Process<CopyMethods>): Promise<number> {
  const { events } = options
  const url = await server.make('bench_keyed')
  await server.query('bench_keyed', KEYED_TABLE)
  await server.settle()
  const cost = await startCost(copy.pid)
  const { seconds } = await copy.call('write', { url })
  const spent = describeCost(await cost(), events)
  const [counted] = await server.query('bench_keyed', 'select count(*) as rows from keyed')
  assertSame("the table's rows", counted?.rows, events)
  await server.drop('bench_keyed')
  say(`COPY of one table ${thousands(events / seconds)}/s; ${spent}`)
  return events / seconds
}

import { assertSame, type Bench, thousands } from '../bench.ts'
import type { RecordTraffic } from '../load/records.ts'
import type { ProducerMethods } from '../processes/producer.ts'
import { startProcess } from '../processes/start.ts'
import { type Cluster, recordsIn } from './cluster.ts'

/** The records are from so long ago: who took the clock for their arrival would give up holes that are only being read. */
const BACKLOG_MS = 60 * 60 * 1_000

/** A new topic with all of the traffic in it. */
export async function fillTopic(
  bench: Bench,
  cluster: Cluster,
  traffic: RecordTraffic,
  { hasHeaders = false }: { readonly hasHeaders?: boolean } = {},
) {
  const producer = await startProcess<ProducerMethods>('producer')
  try {
    const prepared = await producer.call('prepare', traffic)
    const topic = await cluster.makeTopic()
    const { brokers } = cluster
    const { seconds } = await producer.call('produce', {
      brokers,
      topic,
      timestampMs: Date.now() - BACKLOG_MS,
      hasHeaders,
    })
    assertSame('the topic', recordsIn(await cluster.ends(topic)), prepared.records)
    bench.say(`a topic with ${thousands(prepared.records)} records, made in ${seconds.toFixed(1)} s`)
    return { topic, ...prepared }
  } finally {
    await producer.stop()
  }
}

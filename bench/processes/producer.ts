/** Fills topics before the clock starts; and the floor of the gateway: a bare producer of the same records. */
import { ProduceAcks, Producer } from '@platformatic/kafka'
import { type LoadRecord, type RecordTraffic, rocketRecords } from '../load/records.ts'
import { serve } from './serve.ts'

export type Produced = {
  readonly brokers: string
  readonly topic: string
  readonly timestampMs: number
  /** With the two headers that the gateway gives each record. */
  readonly hasHeaders: boolean
  /** Only the first so many. */
  readonly count?: number
}

const BATCH = 1_000
const IN_FLIGHT = 4

let records: readonly LoadRecord[] = []

const handlers = {
  prepare: async (traffic: RecordTraffic) => {
    records = rocketRecords(traffic)
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0)
    return { records: records.length, bytesEach: bytes / records.length }
  },
  produce: async ({ brokers, topic, timestampMs, hasHeaders, count = records.length }: Produced) => {
    const producer = new Producer({
      clientId: 'bench-producer',
      bootstrapBrokers: [brokers],
      acks: ProduceAcks.ALL,
      // A request that is sent again appends again what other partitions had taken of it.
      retries: false,
      repeatOnStaleMetadata: false,
    })
    try {
      await producer.metadata({ topics: [topic] })
      const common = { topic, timestamp: BigInt(timestampMs), ...(hasHeaders && { headers: headersOf(timestampMs) }) }
      const started = performance.now()
      let at = 0
      const lane = async (): Promise<void> => {
        while (at < count) {
          const some = records.slice(at, Math.min(count, at + BATCH))
          at += some.length
          await producer.send({
            messages: some.map(({ key, value, partition }) => ({ ...common, key, value, partition })),
          })
        }
      }
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
      const seconds = (performance.now() - started) / 1000
      return { seconds }
    } finally {
      await producer.close()
    }
  },
}
export type ProducerMethods = typeof handlers

function headersOf(timestampMs: number): Map<Buffer, Buffer> {
  const texts = { 'content-type': 'application/json', 'arrived-at': new Date(timestampMs).toISOString() }
  return new Map(Object.entries(texts).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]))
}

serve(handlers)

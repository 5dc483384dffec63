import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ProduceAcks, Producer } from '@platformatic/kafka'
import { expectKept } from '../faults/load.ts'
import { type Deployment, newDeployment } from './deployment.ts'
import { clientOptions } from './kafka/client.ts'
import { kafkaMissing } from './kafka/library.ts'
import { checkPositions, produceSeen } from './positions.ts'
import { untilApplied } from './progress.ts'

const skip = await kafkaMissing()

/** Larger than one answer of the broker, so that the marker of its end comes in a later one. */
const LARGE = 30_000

test('records of a transaction that was aborted are none', { skip }, async t => {
  const deployment = await newDeployment(t, { of: 'detections', partitions: 1 })
  const sent = await produceSeen(deployment, 3)
  const other = await produceTransactions(deployment, [
    [5, 'abort'],
    [4, 'commit'],
    [6, 'abort'],
    [7, 'abort'],
    [LARGE, 'abort'],
    [2, 'commit'],
  ])
  sent.push(...other, ...(await produceSeen(deployment, 3)))
  await deployment.start({ roles: 'worker' })
  await untilApplied(deployment)
  expectKept({ violations: await checkPositions(deployment, sent) }, 0, import.meta.url)
})

/** Runs of records, each in a transaction; the values of those that were committed. */
async function produceTransactions(
  { brokers, topic }: Deployment,
  runs: readonly (readonly [count: number, end: 'commit' | 'abort'])[],
): Promise<string[]> {
  const transactionalId = `tests-${randomBytes(6).toString('hex')}`
  const producer = new Producer({ ...clientOptions(brokers), acks: ProduceAcks.ALL, idempotent: true, transactionalId })
  const committed: string[] = []
  try {
    for (const [count, end] of runs) {
      const values = Array.from({ length: count }, (_, index) =>
        JSON.stringify({ Year: 2000, Make: end, Model: `${committed.length} ${count} ${index}`, Category: 'SUV' }),
      )
      const transaction = await producer.beginTransaction()
      for (let from = 0; from < count; from += 1_000)
        await transaction.send({
          messages: values.slice(from, from + 1_000).map(value => ({ topic, value: Buffer.from(value), partition: 0 })),
        })
      await transaction[end]()
      if (end === 'commit') committed.push(...values)
    }
  } finally {
    await producer.close()
  }
  return committed
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expectKept } from '../faults/load.ts'
import { statement } from '../faults/observed.ts'
import type { Service } from '../faults/service.ts'
import { until } from '../until.ts'
import { type Deployment, newDeployment } from './deployment.ts'
import { withAdmin } from './kafka/client.ts'
import { kafkaMissing } from './kafka/library.ts'
import { checkPositions, produceSeen } from './positions.ts'
import { toldTopic, untilApplied } from './progress.ts'

const skip = await kafkaMissing()

describe('a topic that changes', () => {
  test('whose records expired before they were read: said, and nothing passed over', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'detections', partitions: 2 })
    const first = await deployment.start({ roles: 'worker' })
    await produceSeen(deployment, 20)
    await untilApplied(deployment)
    await first.stop()
    await produceSeen(deployment, 20)
    await withAdmin(deployment.brokers, admin =>
      admin.deleteRecords({ topics: [{ name: deployment.topic, partitions: [{ partition: 1, offset: 15n }] }] }),
    )
    const service = await deployment.service()
    service.launch()
    const problem = await untilTold(service, deployment, /partition 1: .*from 10 to 14 expired/)
    assert.match(problem, new RegExp(`groundstation offsets ${deployment.feed} --partition 1 --to earliest`))
    // The other partition is read on.
    await until('partition 0 is read', async () => (await offsetsOf(deployment)).get(0) === 20)
    await produceSeen(deployment, 20)
    await until('partition 0 is read on', async () => (await offsetsOf(deployment)).get(0) === 30)
    assert.equal((await offsetsOf(deployment)).get(1), 10)
    assert.equal(await countOf(deployment), 40)
  })

  test('whose first records had expired before it was ever read: read from what is left, and said', {
    skip,
  }, async t => {
    const deployment = await newDeployment(t, { of: 'detections', partitions: 1 })
    await produceSeen(deployment, 20)
    await withAdmin(deployment.brokers, admin =>
      admin.deleteRecords({ topics: [{ name: deployment.topic, partitions: [{ partition: 0, offset: 5n }] }] }),
    )
    const service = await deployment.start()
    await untilApplied(deployment)
    assert.equal(await countOf(deployment), 15)
    assert.match(service.output, /its first 5 records had expired/)
  })

  test('that is deleted and made again while it is read: said all the while, and not read', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'detections', partitions: 2 })
    const { brokers, topic } = deployment
    const service = await deployment.start()
    const api = await deployment.start({ roles: 'api' })
    await produceSeen(deployment, 20)
    await untilApplied(deployment)
    await withAdmin(brokers, admin => admin.deleteTopics({ topics: [topic] }))
    await untilTold(service, deployment, /isn't there/)
    let isOver = false
    const seen = new Set<number | undefined>()
    const watching = (async () => {
      while (!isOver) seen.add(await service.readiness())
    })()
    await withAdmin(brokers, async admin => {
      await admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 })
      await admin.metadata({ topics: [topic] })
    })
    await produceSeen(deployment, 30)
    await untilTold(service, deployment, /deleted and made again/)
    isOver = true
    await watching
    assert.deepEqual([...seen], [503])
    assert.ok(service.output.split(topic).length < 30, `it says it again and again:\n${service.output}`)
    assert.equal(await countOf(deployment), 20)
    // Who doesn't read itself tells it too, and so does who starts now.
    const told = await toldTopic(api, deployment)
    assert.match(told.problems.join(), /deleted and made again/)
    assert.deepEqual(
      told.partitions.map(({ offset, lag }) => [offset, lag]),
      [
        [null, 15],
        [null, 15],
      ],
    )
    await service.stop()
    const next = await deployment.service()
    next.launch()
    await untilTold(next, deployment, /deleted and made again/)
    assert.equal(await countOf(deployment), 20)
  })

  test('that gets more partitions while it is read: they are read from their beginning', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'detections', partitions: 1 })
    const sent = await produceSeen(deployment, 20)
    const [one, other] = [await deployment.start(), await deployment.start({ roles: 'worker' })]
    await untilApplied(deployment)
    await withAdmin(deployment.brokers, admin =>
      admin.createPartitions({
        topics: [
          { name: deployment.topic, count: 5, assignments: Array.from({ length: 4 }, () => ({ brokerIds: [1] })) },
        ],
      }),
    )
    const wide = { ...deployment, partitions: 5 }
    sent.push(...(await produceSeen(wide, 100)))
    await untilApplied(wide)
    expectKept({ violations: await checkPositions(wide, sent) }, 0, import.meta.url)
    for (const worker of [one, other]) await until('it is ready', async () => (await worker.readiness()) === 200)
  })
})

/** Resolves when it is told by /feeds, by /health/ready and in the log; with the words. */
async function untilTold(service: Service, deployment: Deployment, words: RegExp): Promise<string> {
  await until('it answers', async () => (await service.readiness()) !== undefined)
  const problem = await until(`/feeds tells ${words}`, async () =>
    (await toldTopic(service, deployment)).problems.find(one => words.test(one)),
  )
  await until(`/health/ready tells ${words}`, async () => {
    const { status, text } = await service.health()
    return status === 503 && words.test(text)
  })
  assert.match(service.output, words)
  return problem
}

async function offsetsOf({ databaseUrl }: Deployment): Promise<Map<number, number>> {
  const rows = await statement(
    databaseUrl,
    "select (place ->> 'partition')::int as partition, next_offset::int as next from groundstation.source",
  )
  return new Map(rows.map(({ partition, next }) => [Number(partition), Number(next)]))
}

async function countOf({ databaseUrl }: Deployment): Promise<number> {
  const [row] = await statement(databaseUrl, 'select count(*)::int as count from detections')
  return Number(row?.count)
}

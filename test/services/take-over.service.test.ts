import assert from 'node:assert/strict'
import { test } from 'node:test'
import detections from '../../feeds/detections.ts'
import { logNameOf } from '../../src/engine/contract.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { Topics } from '../../src/kafka/topics.ts'
import { TopicSource } from '../../src/sources/kafka/source.ts'
import { openStore } from '../../src/store/store.ts'
import { expectKept } from '../faults/load.ts'
import { newDeployment } from './deployment.ts'
import { kafkaMissing } from './kafka/library.ts'
import { checkPositions, produceSeen } from './positions.ts'
import { untilApplied } from './progress.ts'

const skip = await kafkaMissing()

test('a partition taken over while its last reader still applies is read on, without an alarm', { skip }, async t => {
  const deployment = await newDeployment(t, { of: 'detections', partitions: 1 })
  const { brokers, topic, feed, databaseUrl } = deployment
  const connection = { brokers: brokers.split(',') }
  const store = await openStore(databaseUrl)
  const engine = createEngine({ store, feeds: [compileFeed({ ...detections.declaration, name: feed })] })
  const topics = new Topics(connection)
  const said: string[] = []
  const sent = await produceSeen(deployment, 10)

  /** The last reader's records, from where it stands, up to the end. */
  const applyAll = async () => {
    const state = await topics.describe(topic)
    assert.ok(state !== undefined)
    const place = { cluster: state.cluster, topic, topicId: state.topicId, partition: 0 }
    const { epoch, nextOffset } = await engine.takeOver(feed, place, 0)
    const events = sent.slice(nextOffset).map(value => Buffer.from(value))
    await engine.submit(feed, { events, origin: {}, log: { name: logNameOf(place), epoch, first: nextOffset } })
  }
  let isFirst = true
  const late = async (name: string) => {
    if (isFirst) {
      isFirst = false
      sent.push(...(await produceSeen(deployment, 5)))
      await applyAll()
    }
    return engine.partitions(name)
  }

  await engine.start()
  await applyAll()
  const source = new TopicSource({
    engine: { ...engine, partitions: late },
    feed,
    topic,
    connection,
    topics,
    eventBytesMax: 1_000,
    log: (level, message) => said.push(`${level}: ${message}`),
  })
  source.start()
  t.after(async () => {
    await source.stop()
    await topics.close()
    await engine.stop()
    await store.close()
  })
  sent.push(...(await produceSeen(deployment, 5)))
  await untilApplied(deployment)
  assert.deepEqual(
    said.filter(line => line.startsWith('error')),
    [],
  )
  assert.equal(isFirst, false)
  expectKept({ violations: await checkPositions(deployment, sent) }, 0, import.meta.url)
})

import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import detections from '../../feeds/detections.ts'
import type { TopicRecord } from '../../src/kafka/fetcher.ts'
import { Partition } from '../../src/sources/kafka/partition.ts'
import { freshDatabase } from '../database.ts'
import { openGround } from '../engine/ground.ts'
import { until } from '../until.ts'

const ground = await openGround(await freshDatabase({ after }), [detections])
const place = { cluster: 'c', topic: 'seen', topicId: 't', partition: 0 }
const record = (offset: number): TopicRecord => ({
  offset,
  timestampMs: -1,
  headers: [],
  value: Buffer.from(`{"Year":${offset},"Make":"a","Model":"b","Category":"c"}`),
})
const years = async () => (await ground.rows('select year from detections order by year')).map(({ year }) => year)

async function enter(end: number): Promise<Partition> {
  const { engine } = ground
  const from = { ...(await engine.takeOver('detections', place, 0)), end: { offset: end, askedMs: performance.now() } }
  const nothing = () => undefined
  return new Partition({
    engine,
    feed: 'detections',
    place,
    ...from,
    eventBytesMax: 1000,
    onChange: nothing,
    onFailure: nothing,
  })
}

it('an answer to who had the partition before passes over nothing', async () => {
  const before = await enter(3)
  await before.stop()
  const now = await enter(3)
  const records = [record(2)]
  now.take({ partition: 0, epoch: before.epoch, records, next: 3, end: 3 }, performance.now())
  assert.equal(now.wants?.offset, 0)
  now.take(
    { partition: 0, epoch: now.epoch, records: [record(0), record(1), ...records], next: 3, end: 3 },
    performance.now(),
  )
  await until('all of it is applied', async () => now.applied === 3)
  assert.deepEqual(await years(), [0, 1, 2])
  assert.match(String(await ground.value('select min(arrived)::text from groundstation.record')), /^20[2-9]/)
  await now.stop()
})

it('one that is read to its end says so at once, and goes on where another begins', async () => {
  const now = await enter(3)
  assert.equal(now.applied, 3)
  assert.ok(now.caughtUpMs !== undefined)
  await now.stop()
  assert.equal(now.wants, undefined)
})

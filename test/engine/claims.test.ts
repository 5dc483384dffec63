import assert from 'node:assert/strict'
import { test } from 'node:test'
import detections from '../../feeds/detections.ts'
import spacex from '../../feeds/spacex-launches.ts'
import { until } from '../until.ts'
import { newGround } from './ground.ts'

test('rule 15: the keys of requests are forgotten in time where events carry their identity, and nowhere else', async () => {
  const { engine, rows, value } = await newGround([detections, ...spacex], { sweepMs: 5 })
  const claim = (feed: string, key: string) => engine.claim(feed, `key:${key}`, Buffer.from(key))
  for (const feed of ['detections', 'spacex-launches'])
    for (const key of ['old', 'young']) assert.equal(await claim(feed, key), 'new')
  const aged = "update groundstation.source set updated_at = now() - interval '31 days' where name = 'key:old'"
  await rows(aged)
  const left = () => value('select count(*)::int from groundstation.source')
  await until('an old key is forgotten', async () => (await left()) === 3)
  assert.equal(await claim('spacex-launches', 'young'), 'same')
  assert.equal(await claim('detections', 'old'), 'same')
  assert.equal(await claim('spacex-launches', 'old'), 'new')
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { groundstation } from '../cli/program.ts'
import { statement } from '../faults/observed.ts'
import { PROJECT } from '../faults/service.ts'
import { until } from '../until.ts'
import { type Deployment, newDeployment } from './deployment.ts'
import { kafkaMissing } from './kafka/library.ts'
import { type NewRecord, produce } from './kafka/records.ts'
import { untilApplied } from './progress.ts'

const skip = await kafkaMissing()

const channelOf = (index: number) => `193270a9-c9cf-404a-8f83-${String(index).padStart(12, '0')}`
const HOUR_MS = 3_600_000
/** Beside each number 2 so many others that reading all of them takes longer than a hole is waited for. */
const CHANNELS = 40
const NUMBERS = 2_000

function record(channel: string, messageNumber: number, agoMs = HOUR_MS): NewRecord {
  const metadata = { channel, messageNumber, messageTime: '2022-02-02T19:39:05Z', messageType: 'RocketSpeedIncreased' }
  const value = JSON.stringify({ metadata, message: { by: 1 } })
  return { value, key: channel, partition: 0, timestamp: BigInt(Date.now() - agoMs) }
}

describe('holes in a topic', () => {
  test('are not released while a backlog is read, whatever its age, and fill at its end', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'rockets', partitions: 2, wait: '1s' })
    const { brokers, topic } = deployment
    const channels = Array.from({ length: CHANNELS }, (_, index) => channelOf(index))
    const all = Array.from({ length: NUMBERS }, (_, index) => index + 1).filter(number => number !== 2)
    // The first part is read to its end, so that the watermark stands somewhere when the backlog begins.
    await produce(
      brokers,
      topic,
      channels.map(channel => record(channel, 1)),
    )
    const first = await deployment.start({ roles: 'worker' })
    await untilApplied(deployment)
    await first.stop()
    await produce(
      brokers,
      topic,
      all.slice(1).flatMap(number => channels.map(channel => record(channel, number))),
    )
    await produce(
      brokers,
      topic,
      channels.map(channel => record(channel, 2)),
    )
    const startedMs = performance.now()
    await deployment.start({ roles: 'worker' })
    await untilApplied(deployment)
    const tookMs = performance.now() - startedMs
    t.diagnostic(`the backlog took ${Math.round(tookMs)} ms`)
    assert.deepEqual(await gapsOf(deployment), [], 'a hole was released')
    const [row] = await statement(
      deployment.databaseUrl,
      'select count(*)::int as keys, sum(events)::int as events from groundstation.key',
    )
    assert.deepEqual(row, { keys: CHANNELS, events: CHANNELS * NUMBERS })
  })

  test('are released once all is read and the wait is over; what comes late is put in its place', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'rockets', partitions: 2, wait: '1s' })
    const { brokers, topic } = deployment
    await deployment.start({ roles: 'worker' })
    await produce(
      brokers,
      topic,
      [1, 2, 5].map(number => record(channelOf(0), number, 0)),
    )
    await until('the hole is released', async () => (await gapsOf(deployment))[0]?.status === 'released')
    await produce(
      brokers,
      topic,
      [4, 3].map(number => record(channelOf(0), number, 0)),
    )
    await untilApplied(deployment)
    // One hole or two, as the numbers came in one batch or in two.
    const statuses = (await gapsOf(deployment)).map(({ status }) => status)
    assert.deepEqual([...new Set(statuses)], ['healed'])
    const [key] = await statement(
      deployment.databaseUrl,
      "select frontier::int, state ->> 'speed' as speed from groundstation.key",
    )
    assert.deepEqual(key, { frontier: 5, speed: '5' })
  })

  for (const [name, agoMs] of [
    ['slow', 2 * HOUR_MS],
    ['fast', -HOUR_MS / 2],
  ] as const)
    test(`are waited for as long where the producer's clock is ${name}`, { skip }, async t => {
      const deployment = await newDeployment(t, { of: 'rockets', partitions: 1, wait: '3s' })
      const { brokers, topic, databaseUrl } = deployment
      await deployment.start({ roles: 'worker' })
      await produce(brokers, topic, [record(channelOf(0), 2, agoMs)])
      await untilApplied(deployment)
      const startedMs = performance.now()
      await verified(deployment)
      await until('the hole is released', async () => (await gapsOf(deployment))[0]?.status === 'released', 20_000)
      const waitedMs = performance.now() - startedMs
      assert.ok(waitedMs > 2_500 && waitedMs < 15_000, `it was released after ${Math.round(waitedMs)} ms`)
      const [row] = await statement(
        databaseUrl,
        'select (extract(epoch from clock_timestamp() - arrived) * 1000)::float8 as ago from groundstation.record',
      )
      assert.ok(Number(row?.ago) > agoMs - 60_000, 'the record says when it arrived')
      await verified(deployment)
    })
})

type Gap = { readonly status: string; readonly from_number: number }

/** Those that were ever given up, and those that are open. */
async function gapsOf({ databaseUrl }: Deployment): Promise<Gap[]> {
  return (await statement(databaseUrl, 'select status, from_number from groundstation.gaps')) as Gap[]
}

async function verified({ databaseUrl }: Deployment): Promise<void> {
  const { code, stdout, stderr } = await groundstation(['verify', '--json'], {
    cwd: PROJECT,
    env: { DATABASE_URL: databaseUrl },
  })
  assert.equal(code, 0, `${stdout}${stderr}`)
}

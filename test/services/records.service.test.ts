import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expectKept } from '../faults/load.ts'
import { statement } from '../faults/observed.ts'
import { type Deployment, newDeployment } from './deployment.ts'
import { withAdmin } from './kafka/client.ts'
import { kafkaMissing } from './kafka/library.ts'
import { type NewRecord, produce } from './kafka/records.ts'
import { checkPositions, produceSeen } from './positions.ts'
import { untilApplied } from './progress.ts'

const skip = await kafkaMissing()

const CHANNEL = '193270a9-c9cf-404a-8f83-838e71d9ae67'
const faster = (messageNumber: number, by = 1) =>
  JSON.stringify({
    metadata: {
      channel: CHANNEL,
      messageNumber,
      messageTime: '2022-02-02T19:39:05Z',
      messageType: 'RocketSpeedIncreased',
    },
    message: { by },
  })
const MIB = 1024 * 1024

describe('records of a topic', () => {
  test('produced twice are applied once where events have an identity', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'rockets', partitions: 2 })
    const numbers = Array.from({ length: 200 }, (_, index) => index + 1)
    const records = numbers.map(number => ({ key: CHANNEL, partition: 0, value: faster(number) }))
    // The second time by a producer that has the key elsewhere.
    await produce(deployment.brokers, deployment.topic, [...records, ...records.map(one => ({ ...one, partition: 1 }))])
    await deployment.start({ roles: 'worker' })
    await untilApplied(deployment)
    const { brokers, topic } = deployment
    await produce(brokers, topic, records)
    await untilApplied(deployment)
    const [key] = await statement(deployment.databaseUrl, 'select events::int, state from groundstation.key')
    assert.deepEqual(key, {
      events: 200,
      state: { type: null, speed: 200, mission: null, exploded: false, reason: null },
    })
    const [counts] = await statement(
      deployment.databaseUrl,
      'select (select count(*)::int from speed_change) as rows, (select count(*)::int from groundstation.dead_letter) as letters',
    )
    assert.deepEqual(counts, { rows: 200, letters: 0 })
  })

  test('produced twice are two where their place is all the identity there is', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'detections', partitions: 1 })
    const [value = ''] = await produceSeen(deployment, 1)
    await produce(deployment.brokers, deployment.topic, [{ value }, { value }])
    await deployment.start({ roles: 'worker' })
    await untilApplied(deployment)
    const stored = 'select source_offset::int as offset, raw from groundstation.event order by source_offset'
    assert.deepEqual(
      await statement(deployment.databaseUrl, stored),
      [0, 1, 2].map(offset => ({ offset, raw: value })),
    )
    assert.equal((await statement(deployment.databaseUrl, 'select id from detections')).length, 3)
  })

  test('that are no events are dead letters with their place, and the rest goes on', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'detections', partitions: 1 })
    const { brokers, topic } = deployment
    await withAdmin(brokers, admin =>
      admin.incrementalAlterConfigs({
        resources: [
          {
            resourceType: 2,
            resourceName: topic,
            configs: [{ name: 'max.message.bytes', configOperation: 0, value: String(8 * MIB) }],
          },
        ],
      }),
    )
    const headers = { trace: 'a-1', 'content-type': 'text/plain' }
    const large = JSON.stringify({ Year: 1, Make: 'x'.repeat(2 * MIB), Model: 'b', Category: 'c' })
    const bad: readonly (NewRecord & { readonly reason: string })[] = [
      { value: 'no JSON', headers, reason: 'json' },
      { value: Buffer.from([0xff, 0xfe, 0x00]), reason: 'encoding' },
      { value: null, key: 'gone', reason: 'json' },
      { value: large, reason: 'size' },
      { value: '{"Year":"2011","Make":"a","Model":"b","Category":"c"}', reason: 'schema' },
      { value: '{"Year":2011}', headers: { '\u0000': '\u0000', ['__proto__']: 'x' }, reason: 'schema' },
    ]
    const good = [...(await produceSeen(deployment, 1))]
    for (const record of bad) {
      await produce(brokers, topic, [record])
      good.push(...(await produceSeen(deployment, 1)))
    }
    const worker = await deployment.start()
    await untilApplied(deployment)
    assert.equal(await worker.readiness(), 200)
    const letters = await lettersOf(deployment)
    assert.deepEqual(
      letters.map(({ reason, source }) => ({ reason, source })),
      bad.map(({ reason, headers: given }, index) => {
        const source = { topic, partition: 0, offset: index * 2 + 1 }
        const names = Object.entries(given ?? {}).map(([name, text]) =>
          [name, text].map(one => one.replace('\u0000', '\ufffd')),
        )
        return { reason, source: given === undefined ? source : { ...source, headers: Object.fromEntries(names) } }
      }),
    )
    assert.deepEqual(
      letters.map(({ raw }) => raw),
      bad.map(({ value }) => (typeof value === 'string' ? Buffer.from(value) : (value ?? Buffer.alloc(0)))),
    )
    assert.equal((await statement(deployment.databaseUrl, 'select id from detections')).length, good.length)
  })

  test('are the same however their producer packed them', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'detections', partitions: 2 })
    const sent: string[] = []
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)
      sent.push(...(await produceSeen(deployment, 300, compression)))
    await deployment.start({ roles: 'worker' })
    await untilApplied(deployment)
    expectKept({ violations: await checkPositions(deployment, sent) }, 0, import.meta.url)
  })
})

type Letter = { readonly reason: string; readonly source: unknown; readonly raw: Buffer }

async function lettersOf({ databaseUrl }: Deployment): Promise<Letter[]> {
  return (await statement(
    databaseUrl,
    "select reason, source, raw from groundstation.dead_letter order by (source ->> 'offset')::int",
  )) as Letter[]
}

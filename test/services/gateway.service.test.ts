import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { groundstation } from '../cli/program.ts'
import { type History, isAcknowledged, isUnknown, nameOf } from '../faults/history.ts'
import { expectKept, runLoad, seedOf } from '../faults/load.ts'
import { statement } from '../faults/observed.ts'
import { PROJECT } from '../faults/service.ts'
import { until } from '../until.ts'
import { type Deployment, newDeployment } from './deployment.ts'
import { kafkaMissing } from './kafka/library.ts'
import { readAll, type StoredRecord } from './kafka/records.ts'
import { drained, untilApplied } from './progress.ts'

const skip = await kafkaMissing()

const CHANNEL = '193270a9-c9cf-404a-8f83-838e71d9ae67'
const faster = (messageNumber: number, by: number, channel = CHANNEL) =>
  JSON.stringify({
    metadata: {
      channel,
      messageNumber,
      messageTime: '2022-02-02T19:39:05.86337+01:00',
      messageType: 'RocketSpeedIncreased',
    },
    message: { by },
  })

const post = (url: string, body: string) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

describe('posts through a topic', () => {
  test('repeated, out of order, with holes that fill: all on the topic as posted, and once on the record', {
    skip,
  }, async t => {
    const seed = seedOf()
    const deployment = await newDeployment(t, { of: 'rockets' })
    const service = await deployment.start()
    const run = await runLoad({
      seed,
      messages: 2_000,
      lateGaps: 0.02,
      invalid: 0.03,
      services: [service],
      ...deployment,
      faults: async () => undefined,
      settled: () => drained(deployment, service),
    })
    expectKept(run, seed, import.meta.url)
    checkTopic(run.history, await readAll(deployment.brokers, deployment.topic))
    assert.deepEqual(await statement(deployment.databaseUrl, 'select * from groundstation.held'), [])
    await verified(deployment)
  })

  test('the receipt names the place on the topic, and the record has the rest', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'rockets' })
    const { url } = await deployment.start()
    const body = ` ${faster(1, 5)} `
    const answer = await post(`${url}/messages`, body)
    const { outcome, partition, offset } = (await answer.json()) as Record<string, unknown>
    assert.deepEqual([answer.status, outcome, offset], [202, 'queued', 0])
    const records = await readAll(deployment.brokers, deployment.topic)
    assert.deepEqual(
      records.map(one => [one.partition, Number(one.offset), one.key, one.value, one.headers['content-type']]),
      [[partition, offset, CHANNEL, body, 'application/json']],
    )
    const arrivedMs = Date.parse(records[0]?.headers['arrived-at'] ?? '')
    assert.ok(Math.abs(Date.now() - arrivedMs) < 60_000)
    assert.equal(records[0]?.timestamp, BigInt(arrivedMs))
  })

  test('what the schema refuses is 400 and a dead letter at once; corrected, it fills its hole', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'rockets' })
    const { url } = await deployment.start()
    const refused = await post(`${url}/messages`, faster(1, 0))
    const { deadLetter, pointer } = (await refused.json()) as { deadLetter: number; pointer: string }
    assert.deepEqual([refused.status, pointer], [400, '/message/by'])
    const letters = `${url}/feeds/${deployment.feed}/dead-letters`
    const letter = (await (await fetch(`${letters}/${deadLetter}`)).json()) as Record<string, unknown>
    assert.deepEqual([letter.status, letter.raw, letter.source], ['open', faster(1, 0), { http: '/messages' }])
    assert.equal((await post(`${url}/messages`, faster(2, 7))).status, 202)
    const isHeld = async () =>
      (await statement(deployment.databaseUrl, 'select * from groundstation.held')).length === 1
    await until('number 2 waits for number 1', isHeld)
    const replayed = await post(`${letters}/${deadLetter}/replay`, faster(1, 5))
    assert.equal(replayed.status, 200, await replayed.text())
    const state = async () => (await (await fetch(`${url}/rockets/${CHANNEL}`)).json()) as Record<string, unknown>
    assert.deepEqual([(await state()).speed, (await state()).messageNumber], [12, 2])
    assert.equal((await readAll(deployment.brokers, deployment.topic)).length, 1)
  })

  test('large ones together are taken; one that is too large for its topic is 413, and told so', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'rockets' })
    const { url } = await deployment.start()
    const numbers = Array.from({ length: 12 }, (_, index) => index + 1)
    const answers = await Promise.all(numbers.map(number => post(`${url}/messages`, ofSize(number, 650 * 1024))))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]))
    // Allowed by the program's own limit, and not by Kafka's, which is the same for the record as a whole.
    const large = await post(`${url}/messages`, ofSize(13, 1024 * 1024))
    assert.equal(large.status, 413, await large.clone().text())
    assert.match(await large.text(), new RegExp(`${deployment.topic}.*max\\.message\\.bytes`))
    await untilApplied(deployment)
    const [row] = await statement(deployment.databaseUrl, 'select count(*)::int as count from rocket_launched')
    assert.equal(row?.count, 12)
    assert.equal((await fetch(`${url}/health/ready`)).status, 200)
  })
})

/** An event of so many bytes. */
function ofSize(messageNumber: number, bytes: number): string {
  const launch = (mission: string) =>
    JSON.stringify({
      metadata: { channel: CHANNEL, messageNumber, messageTime: '2022-02-02T19:39:05Z', messageType: 'RocketLaunched' },
      message: { type: 'A', launchSpeed: 1, mission },
    })
  return launch('x'.repeat(bytes - launch('').length))
}

/** Each event as often as it was acknowledged, or as its answer was lost; the same bytes, and a key's in one partition. */
function checkTopic(history: History, records: readonly StoredRecord[]): void {
  const places = new Map<string | null, Set<number>>()
  for (const { key, partition } of records) places.set(key, (places.get(key) ?? new Set()).add(partition))
  assert.ok([...places.values()].every(partitions => partitions.size === 1))
  const byValue = Map.groupBy(records, ({ value }) => value)
  let found = 0
  for (const { event, json, attempts } of history.events.values()) {
    const there = byValue.get(json) ?? []
    const least = attempts.filter(isAcknowledged).length
    assert.ok(
      there.length >= least && there.length <= least + attempts.filter(isUnknown).length,
      nameOf(event.channel, event.number),
    )
    for (const { key, headers } of there) {
      assert.equal(key, event.channel)
      assert.equal(headers['content-type'], 'application/json')
    }
    found += there.length
  }
  assert.equal(found, records.length, 'something is on the topic that is no event')
}

/** The program's own check of the record against tables and states. */
async function verified({ databaseUrl }: Deployment): Promise<void> {
  const { code, stdout, stderr } = await groundstation(['verify', '--json'], {
    cwd: PROJECT,
    env: { DATABASE_URL: databaseUrl },
  })
  assert.equal(code, 0, `${stdout}${stderr}`)
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ANSWER_MS } from '../../simulators/vehicles/client.ts'
import { generateDetections, simulateVehicles } from '../../simulators/vehicles/index.ts'
import { take } from '../../simulators/vehicles/list.ts'
import { BATCH } from '../../simulators/vehicles/pace.ts'
import { folderWith, groundstation, spawnProgram } from '../cli/program.ts'
import { startBroker } from './kafka/broker.ts'
import { kafkaMissing } from './kafka/library.ts'
import { readAll } from './kafka/records.ts'
import { freshTopic, sharedBroker } from './kafka/shared-broker.ts'

const skip = await kafkaMissing()

const LINES = ['Camry', 'Corolla', 'Yaris'].map(model =>
  JSON.stringify({ Year: 2020, Make: 'Toyota', Model: model, Category: 'Sedan' }),
)
const madeUp = (seed: number, count: number) =>
  take(generateDetections(seed), count).map(detection => JSON.stringify(detection))

describe('simulate vehicles', () => {
  test('sends a list in its order, round and round up to the number given', { skip }, async t => {
    const { args, values } = await topicOf(t)
    const folder = await folderWith(t, { 'list.ndjson': LINES.join('\n') })
    const given = ['--list', 'list.ndjson', '--rate', '0', '--max-messages', '7', '--json']
    const { code, stdout, stderr } = await groundstation([...args, ...given], { cwd: folder })
    assert.equal(code, 0, stderr)
    const { sent, acknowledged, finished } = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual({ sent, acknowledged, finished }, { sent: 7, acknowledged: 7, finished: true })
    assert.deepEqual(await values(), [...LINES, ...LINES, LINES[0]])
  })

  test('makes detections up from a seed, as fast as it goes', { skip }, async t => {
    const { brokers, topic, values } = await topicOf(t)
    const report = await simulateVehicles({ brokers, topic, rate: 0, seed: 9, maxMessages: 10_001 })
    assert.equal(report.acknowledged, 10_001)
    assert.deepEqual(await values(), madeUp(9, 10_001))
  })

  test('keeps to its rate', { skip }, async t => {
    const { brokers, topic } = await topicOf(t)
    const { seconds, acknowledged } = await simulateVehicles({ brokers, topic, rate: 50, maxMessages: 21 })
    assert.equal(acknowledged, 21)
    assert.ok(seconds >= 0.399, `${seconds}`)
  })

  test('flushes what is under way at Ctrl-C, and says what was sent', { skip }, async t => {
    const { args, values } = await topicOf(t)
    const child = spawnProgram([...args, '--rate', '200', '--seed', '3', '--json'])
    const [stdout, closed] = [text(child.stdout), once(child, 'close')]
    await until(async () => (await values()).length > 20)
    child.kill('SIGINT')
    const [code] = await closed
    assert.equal(code, 130)
    const { sent, acknowledged, finished } = JSON.parse(await stdout) as Record<string, unknown>
    assert.equal(finished, false)
    assert.equal(sent, acknowledged)
    assert.deepEqual(await values(), madeUp(3, Number(sent)))
  })

  test('leaves with 3 when the topic or the broker is not there', { skip }, async () => {
    const brokers = await sharedBroker()
    const missing = await groundstation(['simulate', 'vehicles', '--brokers', brokers, '--topic', 'no.such.topic'])
    assert.equal(missing.code, 3)
    assert.match(missing.stderr, /The topic no\.such\.topic isn't there/)
    const silent = await groundstation(['simulate', 'vehicles', '--brokers', '127.0.0.1:1'])
    assert.equal(silent.code, 3)
    assert.match(silent.stderr, /Kafka isn't reachable at 127\.0\.0\.1:1: /)
  })
})

describe('simulate vehicles, and a broker that fails', () => {
  test('goes on after a kill: each detection once, in its order', { skip }, async t => {
    const broker = await startBroker()
    t.after(() => broker.stop())
    const brokers = [broker.brokers]
    const topic = await freshTopic(t, { brokers: broker.brokers })
    let back: Promise<void> | undefined
    const { acknowledged } = await simulateVehicles({
      brokers,
      topic,
      rate: 0,
      seed: 5,
      maxMessages: 200_000,
      onProgress: report => {
        if (report.acknowledged >= 50_000) back ??= broker.kill().then(() => broker.restart())
      },
    })
    await back
    assert.equal(acknowledged, 200_000)
    assert.deepEqual(
      (await readAll(broker.brokers, topic)).map(({ value }) => value),
      madeUp(5, 200_000),
    )
  })

  test('has what it sends again stored once', { skip }, async t => {
    const broker = await startBroker()
    t.after(() => broker.stop())
    const topic = await freshTopic(t, { brokers: broker.brokers })
    const onProgress = () => {
      if (thawed !== undefined) return
      broker.freeze()
      // The broker finds the batch twice when it goes on: of the request given up, and of the next one.
      thawed = delay(ANSWER_MS + 1_000).then(() => broker.thaw())
    }
    let thawed: Promise<void> | undefined
    await simulateVehicles({ brokers: [broker.brokers], topic, rate: 0, maxMessages: 3 * BATCH, onProgress })
    await thawed
    assert.equal((await readAll(broker.brokers, topic)).length, 3 * BATCH)
  })

  test('ends at the signal, also when nothing answers', { skip }, async t => {
    const broker = await startBroker()
    t.after(() => broker.stop())
    const topic = await freshTopic(t, { brokers: broker.brokers })
    const stop = new AbortController()
    const onProgress = () => {
      broker.freeze()
      // When the next batch is under way.
      setImmediate(() => stop.abort())
    }
    const options = { topic, rate: 0, maxMessages: BATCH + 1, onProgress, signal: stop.signal }
    const { sent, acknowledged, finished } = await simulateVehicles({ brokers: [broker.brokers], ...options })
    assert.deepEqual({ sent, acknowledged, finished }, { sent: BATCH + 1, acknowledged: BATCH, finished: false })
  })
})

/** A topic of its own on the shared broker, what tells the program of it, and what is in it. */
async function topicOf(t: TestContext) {
  const brokers = await sharedBroker()
  const topic = await freshTopic(t)
  return {
    brokers: brokers.split(','),
    topic,
    args: ['simulate', 'vehicles', '--brokers', brokers, '--topic', topic],
    values: async () => (await readAll(brokers, topic)).map(({ value }) => value),
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type History, isAcknowledged } from '../faults/history.ts'
import { expectKept, runLoad, seedOf } from '../faults/load.ts'
import type { Service } from '../faults/service.ts'
import { until } from '../until.ts'
import { newDeployment } from './deployment.ts'
import { type Broker, startBroker } from './kafka/broker.ts'
import { kafkaMissing } from './kafka/library.ts'
import { readAll } from './kafka/records.ts'
import { drained } from './progress.ts'

const skip = await kafkaMissing()

const MESSAGES = 4_000

describe('a broker that is gone', { skip }, () => {
  let broker: Broker
  before(async () => {
    broker = await startBroker()
  })
  after(() => broker.stop())

  test('killed under load: nothing acknowledged is lost, all say so meanwhile, and go on by themselves', async t => {
    const seed = seedOf()
    const deployment = await newDeployment(t, { of: 'rockets', brokers: broker.brokers })
    const [gateway, worker, api] = await Promise.all(
      ['gateway', 'worker', 'api'].map(roles => deployment.start({ roles })),
    )
    assert.ok(gateway !== undefined && worker !== undefined && api !== undefined)
    const run = await runLoad({
      seed,
      messages: MESSAGES,
      services: [gateway],
      ...deployment,
      faults: async (history, random) => {
        for (const part of [1, 2]) {
          await history.reached(Math.floor((MESSAGES / 3) * (part - random.below(50) / 100)))
          await broker.kill()
          await untilSaid(gateway)
          await untilSaid(worker)
          await refused(gateway)
          await broker.restart()
        }
      },
      settled: () => drained(deployment, api),
    })
    expectKept(run, seed, import.meta.url)
    checkAcknowledged(
      run.history,
      (await readAll(broker.brokers, deployment.topic)).map(({ value }) => value ?? ''),
    )
    for (const service of [gateway, worker, api])
      await until('it is ready again', async () => (await service.readiness()) === 200)
  })

  test('a gateway that nobody posts to says it too, and that it is over', async t => {
    const deployment = await newDeployment(t, { of: 'rockets', brokers: broker.brokers })
    const gateway = await deployment.start({ roles: 'gateway' })
    await broker.kill()
    await untilSaid(gateway)
    await broker.restart()
    await until('it is ready again', async () => (await gateway.readiness()) === 200)
  })

  test('one that answers nothing: posts are refused before their senders give up, and go on when it does', async t => {
    const deployment = await newDeployment(t, { of: 'rockets', brokers: broker.brokers })
    const service = await deployment.start()
    broker.freeze()
    await refused(service)
    await untilSaid(service)
    broker.thaw()
    await until('a post is taken', async () => (await post(service)).status === 202)
    await until('it is ready again', async () => (await service.readiness()) === 200)
  })
})

const BODY = JSON.stringify({
  metadata: {
    channel: '193270a9-c9cf-404a-8f83-838e71d9ae67',
    messageNumber: 1,
    messageTime: '2022-02-02T19:39:05Z',
    messageType: 'RocketExploded',
  },
  message: { reason: 'TEST' },
})

const post = ({ url }: Service) =>
  fetch(`${url}/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY })

/** A rocket that isn't the load's. Its senders give up after 10 s. */
async function refused(service: Service): Promise<void> {
  const startedMs = performance.now()
  const answer = await post(service)
  assert.equal(answer.status, 503, await answer.text())
  assert.ok(answer.headers.has('retry-after'))
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs < 9_000, `answered after ${Math.round(tookMs)} ms`)
}

async function untilSaid(service: Service): Promise<void> {
  const { text } = await until('it says that it is not ready', async () => {
    const health = await service.health()
    return health.status === 503 && health
  })
  assert.match(text, /Kafka can't be reached/)
}

/** An event is on the topic at least as often as it was acknowledged. */
function checkAcknowledged(history: History, values: readonly string[]): void {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  for (const [name, { json, attempts }] of history.events) {
    const least = attempts.filter(isAcknowledged).length
    assert.ok(
      (counts.get(json) ?? 0) >= least,
      `${name} was acknowledged ${least} times and is there ${counts.get(json)} times`,
    )
  }
}

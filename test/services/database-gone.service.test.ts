import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { expectKept } from '../faults/load.ts'
import { statement } from '../faults/observed.ts'
import { CuttingProxy } from '../faults/proxy.ts'
import type { Service } from '../faults/service.ts'
import { until } from '../until.ts'
import { newDeployment } from './deployment.ts'
import { kafkaMissing } from './kafka/library.ts'
import { produce } from './kafka/records.ts'
import { checkPositions, produceSeen } from './positions.ts'
import { toldTopic, untilApplied } from './progress.ts'

const skip = await kafkaMissing()

describe('a database that is gone', () => {
  test('a worker lags meanwhile, and goes on by itself: each record once', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'detections' })
    const { proxy, databaseUrl } = await proxyTo(t, deployment.databaseUrl)
    const worker = await deployment.start({ roles: 'worker', databaseUrl })
    const sent = await produceSeen(deployment, 100)
    await untilApplied(deployment)
    setReachable(proxy, false)
    sent.push(...(await produceSeen(deployment, 100)))
    await until('it says so', async () => (await worker.readiness()) === 503)
    setReachable(proxy, true)
    await untilApplied(deployment)
    await untilReady(worker)
    expectKept({ violations: await checkPositions(deployment, sent) }, 0, import.meta.url)
  })

  test('a commit without an answer: applied once, and nothing is complained of afterwards', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'detections', partitions: 1 })
    const { proxy, databaseUrl } = await proxyTo(t, deployment.databaseUrl)
    const service = await deployment.start({ databaseUrl })
    const sent = await produceSeen(deployment, 10)
    await untilApplied(deployment)
    proxy.onCommit = () => {
      proxy.onCommit = () => undefined
      return 'after'
    }
    // Its dead letter's number is in the answer that is lost, so that the outcome is unknown.
    await produce(deployment.brokers, deployment.topic, [{ value: 'no JSON' }])
    await until('the commit was cut', async () => proxy.cuts > 0)
    await untilApplied(deployment)
    await untilReady(service)
    assert.deepEqual((await toldTopic(service, deployment)).problems, [])
    const letters = await statement(deployment.databaseUrl, 'select count::int from groundstation.dead_letter')
    assert.deepEqual(letters, [{ count: 1 }])
    sent.push(...(await produceSeen(deployment, 10)))
    await untilApplied(deployment)
    expectKept({ violations: await checkPositions(deployment, sent) }, 0, import.meta.url)
  })

  test('a gateway queues what is valid, refuses to bury what is not, and is ready again afterwards', {
    skip,
  }, async t => {
    const deployment = await newDeployment(t, { of: 'rockets' })
    const { proxy, databaseUrl } = await proxyTo(t, deployment.databaseUrl)
    const gateway = await deployment.start({ roles: 'gateway', databaseUrl })
    setReachable(proxy, false)
    assert.equal((await post(gateway, EXPLODED)).status, 202)
    const refused = await post(gateway, '{}')
    assert.equal(refused.status, 503)
    assert.ok(refused.headers.has('retry-after'))
    setReachable(proxy, true)
    await until('the letter is taken', async () => (await post(gateway, '{}')).status === 400)
    await untilReady(gateway)
  })
})

const EXPLODED = JSON.stringify({
  metadata: {
    channel: '193270a9-c9cf-404a-8f83-838e71d9ae67',
    messageNumber: 1,
    messageTime: '2022-02-02T19:39:05Z',
    messageType: 'RocketExploded',
  },
  message: { reason: 'TEST' },
})

const post = ({ url }: Service, body: string) =>
  fetch(`${url}/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

/** A way to the database that can be cut. */
async function proxyTo(t: TestContext, databaseUrl: string) {
  const url = new URL(databaseUrl)
  const proxy = await CuttingProxy.open(Number(url.port))
  t.after(() => proxy.close())
  url.port = String(proxy.port)
  return { proxy, databaseUrl: url.href }
}

function setReachable(proxy: CuttingProxy, isReachable: boolean): void {
  proxy.accepts = isReachable
  if (!isReachable) proxy.cutAll()
}

const untilReady = (service: Service) =>
  until('it is ready again', async () => (await service.readiness()) === 200, 20_000)

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { TransactionalProducer } from '../../../src/kafka/transactions.ts'
import { expectKept } from '../../faults/load.ts'
import { statement } from '../../faults/observed.ts'
import { until } from '../../until.ts'
import { kafkaMissing } from '../kafka/library.ts'
import { readCommitted } from '../kafka/records.ts'
import { freshTopic, sharedBroker } from '../kafka/shared-broker.ts'
import { checkDelivered, deliverer, newWorld, untilDelivered } from './world.ts'

const skip = await kafkaMissing()

describe('who delivered before', () => {
  test('neither commits nor appends once it is fenced, and what it had open is aborted', { skip }, async t => {
    const topic = await freshTopic(t)
    const name = `tests.${randomBytes(6).toString('hex')}`
    const connection = { brokers: [await sharedBroker()] }
    const producers = Array.from({ length: 3 }, () => new TransactionalProducer(connection, name))
    t.after(async () => {
      for (const producer of producers) await producer.close()
    })
    const [idle, open, next] = producers
    assert.ok(idle !== undefined && open !== undefined && next !== undefined)
    const record = (value: string) => ({ topic, partition: 0, value: Buffer.from(value), headers: {} })
    await idle.fence()
    await open.fence()
    await open.append([record('open')])
    await next.fence()
    await next.append([record('next')])
    await assert.rejects(idle.append([record('idle')]), { code: 'OUTPUT_FENCED' })
    await assert.rejects(open.append([record('more')]))
    await assert.rejects(open.commit(), { code: 'OUTPUT_FENCED' })
    await next.commit()
    await next.append([record('last')])
    await next.commit()
    const found = async () => (await readCommitted(connection.brokers[0] ?? '', topic)).map(({ value }) => value)
    await until('the last is committed', async () => (await found()).length === 2)
    assert.deepEqual(await found(), ['next', 'last'])
  })

  test('frozen at any moment, and woken after others took over: refused, and each alert is there once', {
    skip,
  }, async t => {
    const world = await newWorld(t)
    const signal = 'SIGSTOP'
    const points = ['read', 'appended', 'committed'] as const
    const frozen = await Promise.all(points.map(point => deliverer(world, { point, signal })))
    for (const worker of frozen) worker.launch()
    await until('all of them are frozen', async () => {
      await world.raise(5)
      return frozen.every(({ output }) => output.includes('frozen'))
    })
    const last = await deliverer(world)
    last.launch()
    await untilDelivered(world)
    for (const worker of frozen) worker.thaw()
    await world.raise(5)
    for (const worker of frozen)
      await until('it has noticed', async () => worker.output.includes('delivered elsewhere now'))
    for (const worker of frozen.slice(0, 2)) assert.match(worker.output, /Another producer has taken over/)
    await last.kill()
    await world.raise(5)
    expectKept({ violations: await checkDelivered(world) }, 0, import.meta.url)
  })

  test("is found behind what another program's open transaction hides for a while", { skip }, async t => {
    const world = await newWorld(t)
    const connection = { brokers: [world.brokers] }
    const [other, another] = [1, 2].map(() => new TransactionalProducer(connection, `others.${world.topic}`))
    assert.ok(other !== undefined && another !== undefined)
    t.after(async () => {
      await other.close()
      await another.close()
    })
    const first = await deliverer(world, { point: 'committed' })
    const next = await deliverer(world)
    first.launch()
    await until('it is at work', async () => first.output.includes('delivered here'))
    await other.fence()
    const hiding = [0, 1, 2].map(partition => ({
      topic: world.topic,
      partition,
      value: Buffer.from('x'),
      headers: {},
    }))
    await other.append(hiding)
    await world.raise(20)
    await until('it is killed before it says what it delivered', async () => !first.isRunning)
    next.launch()
    const epoch = async () =>
      (await statement(world.databaseUrl, 'select epoch::int from groundstation.output'))[0]?.epoch
    await until('another takes over', async () => (await epoch()) === 2)
    await world.raise(20)
    // It is aborted.
    await another.fence()
    expectKept({ violations: await checkDelivered(world) }, 0, import.meta.url)
  })
})

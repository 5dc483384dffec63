import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Admin } from '@platformatic/kafka'
import { hasEntry } from '../../../src/embedded/process-identity.ts'
import { startBroker } from './broker.ts'
import { answers, clientOptions, type Kafka, withAdmin } from './client.ts'
import { kafkaMissing } from './library.ts'
import { produce, readAll } from './records.ts'
import { freshTopic, sharedBroker } from './shared-broker.ts'

const skip = await kafkaMissing()

describe('the shared broker', () => {
  test('gives records back as they were produced', { skip }, async t => {
    const brokers = await sharedBroker()
    const topic = await freshTopic(t, { partitions: 2 })
    await produce(brokers, topic, [
      { partition: 1, key: 'a', value: '1', headers: { from: 'test' }, timestamp: 1_000n },
      { partition: 0, value: 'ünï' },
      { partition: 1, value: Buffer.from('2') },
    ])
    const records = await readAll(brokers, topic)
    assert.deepEqual(
      records.map(({ partition, offset, key, value, headers }) => ({ partition, offset, key, value, headers })),
      [
        { partition: 0, offset: 0n, key: null, value: 'ünï', headers: {} },
        { partition: 1, offset: 0n, key: 'a', value: '1', headers: { from: 'test' } },
        { partition: 1, offset: 1n, key: null, value: '2', headers: {} },
      ],
    )
    assert.equal(records[1]?.timestamp, 1_000n)
  })

  test('gives many records back in their order', { skip }, async t => {
    const brokers = await sharedBroker()
    const topic = await freshTopic(t)
    const values = Array.from({ length: 12_345 }, (_, i) => String(i))
    await produce(
      brokers,
      topic,
      values.map(value => ({ value })),
    )
    assert.deepEqual(
      (await readAll(brokers, topic)).map(({ value }) => value),
      values,
    )
  })

  test('loses a topic with its test, and makes none by itself', { skip }, async () => {
    const brokers = await sharedBroker()
    const cleanups: (() => Promise<void>)[] = []
    const topic = await freshTopic({ after: work => cleanups.push(work) })
    for (const work of cleanups) await work()
    await withAdmin(brokers, async admin => {
      await assert.rejects(admin.metadata({ topics: [topic], retries: 0, autocreateTopics: true }), /Unknown topic/)
    })
  })
})

describe('a broker of its own', () => {
  test('keeps its records through a kill, and stands still when frozen', { skip }, async t => {
    const broker = await startBroker({ properties: { 'message.max.bytes': 2_000 } })
    t.after(() => broker.stop())
    const { brokers, pid } = broker
    const topic = await freshTopic(t, { brokers })
    await produce(brokers, topic, [{ value: 'before' }])
    await broker.kill()
    assert.equal(await answers(brokers), false)
    assert.ok(!hasEntry(pid))
    await broker.restart()
    assert.notEqual(broker.pid, pid)

    broker.freeze()
    assert.equal(await answers(brokers), false)
    const produced = produce(brokers, topic, [{ value: 'after' }])
    broker.thaw()
    await produced
    assert.deepEqual(
      (await readAll(brokers, topic)).map(({ value }) => value),
      ['before', 'after'],
    )
    await assert.rejects(produce(brokers, topic, [{ value: 'x'.repeat(3_000) }]), 'properties are not the ones given')
  })

  test('does not outlive its test, however that ends', { skip }, async () => {
    const script = `
      import { startBroker } from ${JSON.stringify(import.meta.resolve('./broker.ts'))}
      const { pid, folder } = await startBroker()
      console.log(JSON.stringify({ pid, folder }))
      process.stdin.resume().on('end', () => process.exit())`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const { value: line } = await createInterface(child.stdout)[Symbol.asyncIterator]().next()
    const { pid, folder } = JSON.parse(line ?? '') as { pid: number; folder: string }
    assert.ok(hasEntry(pid) && existsSync(folder))
    child.kill('SIGKILL')
    // The test's own time is the limit.
    while (hasEntry(pid) || existsSync(folder)) await delay(20)
  })
})

describe('a secured listener', () => {
  const users = { alice: 'right' }
  const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
  const alice = (mechanism: (typeof mechanisms)[number], password = users.alice) => {
    return { mechanism, username: 'alice', password }
  }

  test('asks for the certificate and the password', { skip }, async t => {
    const broker = await startBroker({ secured: { tls: true, users } })
    t.after(() => broker.stop())
    const topic = await freshTopic(t, { brokers: broker.brokers })
    const { brokers, ca } = broker.secured ?? assert.fail()
    const tls = { ca: ca ?? assert.fail() }
    for (const mechanism of mechanisms) {
      await produce({ brokers, tls, sasl: alice(mechanism) }, topic, [{ value: mechanism }])
      assert.match(await refusal({ brokers, tls, sasl: alice(mechanism, 'wrong') }), /SASL authentication failed/)
    }
    assert.equal((await readAll({ brokers, tls, sasl: alice('PLAIN') }, topic)).length, mechanisms.length)
    assert.match(await refusal({ brokers, tls: {}, sasl: alice('PLAIN') }), /self-signed certificate/)
    assert.match(await refusal({ brokers, tls }), /Connection closed/)
  })

  test('asks for the password alone', { skip }, async t => {
    const broker = await startBroker({ secured: { users } })
    t.after(() => broker.stop())
    const { brokers, ca } = broker.secured ?? assert.fail()
    assert.equal(ca, undefined)
    assert.equal(await answers({ brokers, sasl: alice('SCRAM-SHA-256') }), true)
    assert.match(await refusal({ brokers, sasl: alice('SCRAM-SHA-256', 'wrong') }), /SASL authentication failed/)
  })

  /** With all the causes: the client keeps what it was told at the very end of them. */
  async function refusal(kafka: Kafka): Promise<string> {
    const admin = new Admin({ ...clientOptions(kafka), retries: 0 })
    const error = await admin.metadata({ topics: [] }).catch(thrown => thrown)
    await admin.close()
    assert.ok(error instanceof Error, 'it was let in')
    return inspect(error, { depth: 8 })
  }
})

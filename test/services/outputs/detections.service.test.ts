import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, type TestContext, test } from 'node:test'
import { digestOf, newMachineToken } from '../../../src/users/machine-token.ts'
import { captured } from '../../captures.ts'
import { statement } from '../../faults/observed.ts'
import { read } from '../../live/reader.ts'
import { until } from '../../until.ts'
import { newDeployment } from '../deployment.ts'
import { kafkaMissing } from '../kafka/library.ts'
import { produce, readCommitted } from '../kafka/records.ts'

const skip = await kafkaMissing()

describe('the list of detections, through the whole program', () => {
  for (const { category, env } of [
    { category: 'SUV', env: {} },
    { category: 'Sedan', env: { SUSPICIOUS_VEHICLE: 'Sedan' } },
  ])
    test(`as many alerts as its lines with the category ${category}, on the topic and on the stream`, {
      skip,
    }, async t => {
      const lines = await list(t)
      if (lines === undefined) return
      const expected = lines.filter(line => JSON.parse(line).Category === category).sort()
      const deployment = await newDeployment(t, { of: 'detections' })
      const { brokers, topic, alerts } = deployment
      const service = await deployment.start({ env })
      const authorization = await newReader(deployment.databaseUrl)
      const reader = await read(`${service.url}/alerts`, { authorization, 'last-event-id': '0' })
      t.after(() => reader.close())
      await produce(
        brokers,
        topic,
        lines.map((value, index) => ({ value, partition: index % deployment.partitions })),
      )
      const streamed = (await reader.messages(expected.length)).map(({ data }) => data)
      const delivered = await until('they are all on the topic', async () => {
        const records = await readCommitted(brokers, alerts)
        return records.length >= expected.length && records
      })
      await until('nothing is behind', async () => (await outputOf(service.url))?.lag === 0)
      assert.deepEqual([...streamed].sort(), expected)
      assert.deepEqual(delivered.map(({ value }) => value).sort(), expected)
      assert.equal(reader.received.length, expected.length)
      const ids = delivered.map(({ headers }) => Number(headers.id)).sort((a, b) => a - b)
      assert.deepEqual(
        ids,
        expected.map((_, index) => index + 1),
      )
      assert.ok(delivered.every(({ headers }) => headers.rule === 'suspicious' && headers.stream === '/alerts'))
      assert.match(await (await fetch(`${service.url}/metrics`)).text(), /groundstation_output_lag\{[^}]*\} 0/)
    })
})

async function list(t: TestContext): Promise<string[] | undefined> {
  const path = captured(t, 'vehicles/detections.ndjson')
  if (path === undefined) return undefined
  return (await readFile(path, 'utf8')).split('\n').filter(line => line !== '')
}

/** A token that may read the feed. */
async function newReader(databaseUrl: string): Promise<string> {
  const token = newMachineToken()
  const digest = digestOf(token).toString('hex')
  await statement(
    databaseUrl,
    `insert into groundstation.machine_token (name, role, digest) values ('reader', 'reader', '\\x${digest}')`,
  )
  return `Bearer ${token}`
}

async function outputOf(url: string): Promise<{ readonly lag: number } | undefined> {
  const { data } = (await (await fetch(`${url}/feeds`)).json()) as {
    data: readonly { outputs: readonly { lag: number }[] }[]
  }
  return data[0]?.outputs[0]
}

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { folderWith, groundstation } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'
import { withAdmin } from './kafka/client.ts'
import { kafkaMissing } from './kafka/library.ts'
import { produce } from './kafka/records.ts'
import { freshTopic, sharedBroker } from './kafka/shared-broker.ts'

const feed = (topic: string) => `import { defineFeed, kafka, Type } from 'groundstation'
export default defineFeed({
  name: 'ticks', source: kafka({ topic: '${topic}', partitions: 2 }), event: Type.Object({}), identity: { position: true } })
`

async function place(t: TestContext, topic: string, more: Readonly<Record<string, string>> = {}) {
  const cwd = await folderWith(t)
  await mkdir(join(cwd, 'feeds'))
  await writeFile(join(cwd, 'feeds/ticks.ts'), feed(topic))
  const env = { DATABASE_URL: await freshDatabase(t), KAFKA_BROKERS: await sharedBroker(), ...more }
  return (...args: string[]) => groundstation(args, { cwd, env })
}

type Listed = {
  partition: number
  first: number
  offset: number | null
  end: number
  lag: number
  problem: string | null
}

const skip = await kafkaMissing()

describe('a feed’s topic at the command line', () => {
  it('lists and moves a feed’s offsets, and refuses what would be there twice', { skip }, async t => {
    const topic = await freshTopic(t, { partitions: 2 })
    await produce(
      await sharedBroker(),
      topic,
      Array.from({ length: 5 }, () => ({ value: '{}', partition: 1 })),
    )
    const run = await place(t, topic)
    const list = async () => JSON.parse((await run('offsets', 'ticks', '--json')).stdout).partitions as Listed[]
    assert.deepEqual(await list(), [
      { partition: 0, first: 0, offset: null, end: 0, lag: 0, problem: null },
      { partition: 1, first: 0, offset: null, end: 5, lag: 5, problem: null },
    ])
    const moved = await run('offsets', 'ticks', '--partition', '1', '--to', '3')
    assert.match(moved.stdout, /1: from nowhere to 3; 3 records are never read/)
    assert.deepEqual((await list()).map(({ offset, lag }) => [offset, lag]), [[null, 0], [3, 2]]) // biome-ignore format: pairs
    const back = await run('offsets', 'ticks', '--to', 'earliest')
    assert.deepEqual([back.code, /3 of them would be there twice/.test(back.stderr)], [2, true])
    const beyond = await run('offsets', 'ticks', '--partition', '1', '--to', '9')
    assert.deepEqual([beyond.code, /goes from 0 to 5: 9 isn't there/.test(beyond.stderr)], [2, true])
  })

  it('a topic that isn’t there stops the start where it must be, with the command that makes it', { skip }, async t => {
    const topic = `test.${randomBytes(6).toString('hex')}`
    const run = await place(t, topic, { KAFKA_TOPICS: 'require' })
    const refused = await run('start', '--port', '0')
    assert.equal(refused.code, 3)
    assert.match(refused.stderr, new RegExp(`--create --topic ${topic} --partitions 2`))
    const doctor = await run('doctor')
    assert.match(doctor.stdout, new RegExp(`NOT {2}kafka: .*${topic}`))
    const made = await place(t, topic)
    assert.match((await made('doctor')).stdout, /ok {3}kafka: /)
    assert.equal((await made('offsets', 'ticks')).code, 3)
    await withAdmin(await sharedBroker(), admin => admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 }))
    t.after(async () => withAdmin(await sharedBroker(), admin => admin.deleteTopics({ topics: [topic] })))
    assert.equal((await made('offsets', 'ticks')).code, 0)
  })

  it('Kafka that isn’t reachable is said, and exits with 3', { skip }, async t => {
    const run = await place(t, 'ticks', { KAFKA_BROKERS: '127.0.0.1:1' })
    for (const command of [['start', '--port', '0'], ['offsets', 'ticks'], ['doctor']]) {
      const { code, stdout, stderr } = await run(...command)
      assert.deepEqual([code, /can't be reached.*ECONNREFUSED/.test(stdout + stderr)], [3, true], `${stdout}${stderr}`)
    }
  })
})

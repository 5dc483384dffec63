import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expectKept } from '../../faults/load.ts'
import { alarm } from '../../outputs/alarms.ts'
import { until } from '../../until.ts'
import { startBroker } from '../kafka/broker.ts'
import { withAdmin } from '../kafka/client.ts'
import { kafkaMissing } from '../kafka/library.ts'
import { readCommitted } from '../kafka/records.ts'
import { freshTopic, sharedBroker } from '../kafka/shared-broker.ts'
import { deliverHere } from './here.ts'
import { checkDelivered, newWorld, untilDelivered, untilPassed } from './world.ts'

const skip = await kafkaMissing()
const FILE = import.meta.url
const NAME = 'test.not-there-yet'

describe('an output that is kept from delivering', () => {
  test('by a broker that is gone: said, events are taken all the same, and it catches up by itself', {
    skip,
  }, async t => {
    const broker = await startBroker()
    t.after(() => broker.stop())
    const world = await newWorld(t, { brokers: broker.brokers })
    const here = await deliverHere(world)
    await world.raise(50)
    await untilDelivered(world)
    await broker.kill()
    await world.raise(50)
    await until('it is told', async () => {
      const told = await here.told()
      return told?.problem?.includes("Kafka can't be reached") && told.lag > 0 && told.behindMs > 0
    })
    await broker.restart()
    expectKept({ violations: await checkDelivered(world) }, 0, FILE)
    const told = await here.told()
    assert.deepEqual([told?.problem, told?.lag, told?.behindMs], [null, 0, 0])
  })

  test('by a topic that is not there: said, until somebody makes it', { skip }, async t => {
    const topic = `${NAME}.${process.pid}`
    const world = await newWorld(t, { topic })
    const here = await deliverHere(world)
    await world.raise(10)
    await until('it is told', async () => (await here.told())?.problem?.includes(`${topic} isn't there`))
    await withAdmin(world.brokers, admin => admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 }))
    t.after(() => withAdmin(world.brokers, admin => admin.deleteTopics({ topics: [topic] })))
    expectKept({ violations: await checkDelivered(world) }, 0, FILE)
  })

  test('by a topic that takes nothing so large: what is smaller comes first, and nothing is passed over', {
    skip,
  }, async t => {
    const brokers = await sharedBroker()
    const topic = await freshTopic(t, { partitions: 2 })
    const limit = (bytes: number) =>
      withAdmin(brokers, admin =>
        admin.incrementalAlterConfigs({
          validateOnly: false,
          resources: [
            {
              resourceType: 2,
              resourceName: topic,
              configs: [{ name: 'max.message.bytes', configOperation: 0, value: String(bytes) }],
            },
          ],
        }),
      )
    await limit(20_000)
    const world = await newWorld(t, { topic })
    const here = await deliverHere(world)
    const text = 'x'.repeat(1_000)
    await world.send(...Array.from({ length: 100 }, (_, index) => alarm('a', index + 1, 'loud', text)))
    await world.send(alarm('a', 101, 'loud', text.repeat(30)), alarm('b', 1))
    await until('the small ones are there', async () => (await readCommitted(brokers, topic)).length === 100)
    await until('the large one is told', async () => (await here.told())?.problem?.includes('max.message.bytes'))
    await limit(1_000_000)
    expectKept({ violations: await checkDelivered(world) }, 0, FILE)
  })
})

describe("an output's topic", () => {
  test('that is deleted and made again gets what follows, once; and it is said', { skip }, async t => {
    const world = await newWorld(t)
    const { brokers, topic } = world
    const here = await deliverHere(world)
    await world.raise(20)
    await untilDelivered(world)
    await untilPassed(world)
    await withAdmin(brokers, admin => admin.deleteTopics({ topics: [topic] }))
    await world.raise(10)
    await until('it is told', async () => (await here.told())?.problem !== null)
    await withAdmin(brokers, admin => admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 }))
    await world.raise(10)
    await untilPassed(world)
    await here.stop()
    const again = await deliverHere(world)
    await world.raise(10)
    await untilPassed(world)
    const ids = (await readCommitted(brokers, topic)).map(({ headers }) => Number(headers.id)).sort((a, b) => a - b)
    const quiet = new Set(await world.ids('quiet'))
    const expected = Array.from({ length: 30 }, (_, index) => index + 21).filter(id => !quiet.has(id))
    assert.deepEqual(ids, expected)
    assert.match(here.said.join('\n'), /was deleted and made again: it gets what follows 20/)
    assert.doesNotMatch(again.said.join('\n'), /made again/)
  })

  test('with what others wrote, and what an earlier database did, gets each alert of this one', { skip }, async t => {
    const topic = await freshTopic(t, { partitions: 2 })
    const earlier = await newWorld(t, { topic })
    const first = await deliverHere(earlier)
    await earlier.raise(30)
    await untilDelivered(earlier)
    await first.stop()
    const world = await newWorld(t, { topic, feed: earlier.feed })
    await deliverHere(world)
    await world.raise(20)
    await untilPassed(world)
    const mine = await world.ids('loud')
    const all = (await readCommitted(world.brokers, topic)).map(({ headers }) => Number(headers.id))
    assert.deepEqual(all.filter(id => id <= 20).length, mine.length * 2)
  })
})

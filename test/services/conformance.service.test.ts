import { Topics } from '../../src/kafka/topics.ts'
import { TopicSource } from '../../src/sources/kafka/source.ts'
import { conform, type Delivery, type World } from '../sources/conformance.ts'
import { until } from '../until.ts'
import { kafkaMissing } from './kafka/library.ts'
import { produce } from './kafka/records.ts'
import { freshTopic, sharedBroker } from './kafka/shared-broker.ts'

/** A topic of one partition, read by one source after another. */
async function openTopic({ t, engine, feed }: World): Promise<Delivery> {
  const brokers = await sharedBroker()
  const topic = await freshTopic(t, { partitions: 1 })
  const connection = { brokers: [brokers] }
  const topics = new Topics(connection)
  const open = () => {
    const options = {
      engine,
      feed,
      topic,
      connection,
      topics,
      eventBytesMax: 1000,
      log: () => undefined,
      sessionMs: 2_000,
    }
    const source = new TopicSource(options)
    source.start()
    return source
  }
  let source = open()
  t.after(async () => {
    await source.stop()
    await topics.close()
  })
  return {
    deliver: events =>
      produce(
        brokers,
        topic,
        events.map(value => ({ value, partition: 0 })),
      ),
    again: async () => {
      await source.stop()
      source = open()
      await until('it is a member again', async () => source.health().rebalances > 0)
    },
    origin: index => ({ topic, partition: 0, offset: index }),
  }
}

conform({ name: 'kafka', open: openTopic }, await kafkaMissing())

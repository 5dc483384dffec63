import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka'
import { readTail } from '../../../src/kafka/tail.ts'
import { Topics } from '../../../src/kafka/topics.ts'
import { TransactionalProducer } from '../../../src/kafka/transactions.ts'
import { startBroker } from '../kafka/broker.ts'
import { withAdmin } from '../kafka/client.ts'
import { kafkaMissing } from '../kafka/library.ts'

const skip = await kafkaMissing()

const { TOPIC, TRANSACTIONAL_ID } = ResourceTypes
const { READ, WRITE, DESCRIBE } = AclOperations

test('an output needs no rights but those that its page names', { skip }, async t => {
  const broker = await startBroker({
    secured: { users: { output: 'a password' } },
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
  })
  t.after(() => broker.stop())
  const rights = [
    ...[READ, WRITE, DESCRIBE].map(operation => [TOPIC, 'alerts', ResourcePatternTypes.LITERAL, operation] as const),
    ...[WRITE, DESCRIBE].map(
      operation => [TRANSACTIONAL_ID, 'groundstation.', ResourcePatternTypes.PREFIXED, operation] as const,
    ),
  ]
  await withAdmin(broker.brokers, async admin => {
    await admin.createTopics({ topics: ['alerts'], partitions: 1, replicas: 1 })
    await admin.createAcls({
      creations: rights.map(([resourceType, resourceName, resourcePatternType, operation]) => ({
        resourceType,
        resourceName,
        resourcePatternType,
        operation,
        principal: 'User:output',
        host: '*',
        permissionType: AclPermissionTypes.ALLOW,
      })),
    })
  })
  const sasl = { mechanism: 'PLAIN', username: 'output', password: 'a password' } as const
  const connection = { brokers: [broker.secured?.brokers ?? ''], sasl }
  const topics = new Topics(connection)
  const producer = new TransactionalProducer(connection, 'groundstation.feed./alerts.alerts')
  t.after(async () => {
    await producer.close()
    await topics.close()
  })
  const { topicId } = await topics.ensure('alerts', 1, true)
  await producer.fence()
  await producer.append([{ topic: 'alerts', partition: 0, value: Buffer.from('x'), headers: {} }])
  await producer.commit()
  // Fencing waits until all that was committed is there.
  await producer.fence()
  const found: string[] = []
  const onRecord = ({ value }: { value: Buffer | null }) => void found.push(String(value))
  await readTail({ connection, topic: 'alerts', topicId, startOf: () => 0, onRecord })
  assert.deepEqual(found, ['x'])
})

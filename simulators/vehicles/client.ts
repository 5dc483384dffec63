import { Admin, ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka'
import { GroundstationError, messageOf } from '../../src/errors.ts'

export type DetectionProducer = {
  /** Resolves when they are with every replica. */
  send(detections: readonly string[]): Promise<void>
  /** What is under way fails. */
  close(): Promise<void>
}

/** A broker that goes away while messages are sent may take so long to come back. */
const BACK_MS = 30_000
const RETRY_MS = 500
/** After that a batch is sent again, though it may have been stored. */
export const ANSWER_MS = 5_000

/** Raises KAFKA_UNREACHABLE when nothing answers, and TOPIC_MISSING: this program makes no topics. */
export async function openProducer(brokers: readonly string[], topic: string): Promise<DetectionProducer> {
  const reached = { clientId: 'groundstation-simulator', bootstrapBrokers: [...brokers], requestTimeout: ANSWER_MS }
  await checkTopic(new Admin({ ...reached, retries: 0 }), brokers, topic)
  const producer = new Producer({
    ...reached,
    serializers: stringSerializers,
    acks: ProduceAcks.ALL,
    // A batch that is sent again is stored once, and what follows it stays behind it.
    idempotent: true,
    autocreateTopics: false,
    retries: BACK_MS / RETRY_MS,
    retryDelay: RETRY_MS,
  })
  const close = () => producer.close(true).catch(() => undefined)
  return {
    send: async detections => {
      // A broker that takes requests and answers none would be asked again and again.
      const late = setTimeout(close, BACK_MS)
      try {
        await producer.send({ messages: detections.map(value => ({ topic, value })) })
      } catch (error) {
        throw unreachable(brokers, error)
      } finally {
        clearTimeout(late)
      }
    },
    close,
  }
}

/** At once, while a producer tries again for some time. */
async function checkTopic(admin: Admin, brokers: readonly string[], topic: string): Promise<void> {
  try {
    await admin.metadata({ topics: [topic] })
  } catch (error) {
    if (!/^Unknown topic/.test(messageOf(error))) throw unreachable(brokers, error)
    const message = `The topic ${topic} isn't there (${brokers.join()}). Make it first, with the partitions it is to have.`
    throw new GroundstationError('TOPIC_MISSING', message, { cause: error })
  } finally {
    await admin.close().catch(() => undefined)
  }
}

function unreachable(brokers: readonly string[], cause: unknown): GroundstationError {
  const message = `Kafka isn't reachable at ${brokers.join()}: ${messageOf(innermost(cause))}`
  return new GroundstationError('KAFKA_UNREACHABLE', message, { cause })
}

/** The library wraps what failed once for each broker and attempt; what went wrong is said innermost. */
function innermost(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  return error instanceof Error && error.cause instanceof Error ? innermost(error.cause) : error
}

import { AuthenticationError, findErrorBy, MultipleErrors, UserError } from '@platformatic/kafka'
import { GroundstationError, messageOf } from '../errors.ts'

/** Whether Kafka answered with this error of its protocol, such as `UNKNOWN_TOPIC_OR_PARTITION`. */
export const isKafkaError = (thrown: unknown, id: string): boolean =>
  thrown instanceof Error && findErrorBy(thrown, 'apiId', id) !== null

/** Whether the topic isn't there: when asked about a topic, the driver says so in words alone. */
export const isUnknownTopic = (thrown: unknown): boolean =>
  (thrown instanceof UserError && thrown.message.startsWith('Unknown topic')) ||
  isKafkaError(thrown, 'UNKNOWN_TOPIC_OR_PARTITION')

/** What a client failed with, in words that say what to do. */
export function kafkaFailure(thrown: unknown): GroundstationError {
  if (thrown instanceof GroundstationError) return thrown
  const refused = ['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM'].some(id => isKafkaError(thrown, id))
  if (refused || innermost(thrown) instanceof AuthenticationError)
    return new GroundstationError(
      'KAFKA_UNREACHABLE',
      'Kafka refuses the credentials: see KAFKA_SASL_MECHANISM, KAFKA_USERNAME and KAFKA_PASSWORD',
      { cause: thrown },
    )
  return new GroundstationError('KAFKA_UNREACHABLE', `Kafka can't be reached: ${messageOf(innermost(thrown))}`, {
    cause: thrown,
  })
}

/** The driver wraps what failed, once for each broker or partition. */
function innermost(thrown: unknown): unknown {
  if (thrown instanceof MultipleErrors) return innermost(thrown.errors[0] ?? thrown.cause ?? thrown.message)
  if (thrown instanceof Error && thrown.cause instanceof Error && !(thrown instanceof AuthenticationError))
    return innermost(thrown.cause)
  return thrown
}

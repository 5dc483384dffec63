import { propertiesText } from './properties.ts'

/** How Kafka is reached. What is secret stays in the environment: only whether it is needed is told. */
export type KafkaAccess = {
  readonly brokers: readonly string[]
  readonly isEncrypted: boolean
  /** Whether the brokers are vouched for by an authority of their own, and whether the client has to show a certificate. */
  readonly hasAuthority: boolean
  readonly hasCertificate: boolean
  readonly mechanism: string | undefined
}

const LOGIN_MODULES: Readonly<Record<string, string>> = {
  PLAIN: 'plain.PlainLoginModule',
  'SCRAM-SHA-256': 'scram.ScramLoginModule',
  'SCRAM-SHA-512': 'scram.ScramLoginModule',
}

/** Kafka's own client reads the environment in a way of its own. */
const env = (name: string) => `\${env:${name}}`

/** What Kafka's client has to be told beside where the brokers are; undefined where nothing has. */
export function clientProperties(access: KafkaAccess | undefined): string | undefined {
  if (access === undefined || (!access.isEncrypted && access.mechanism === undefined)) return undefined
  const { isEncrypted, hasAuthority, hasCertificate, mechanism } = access
  const entries: [string, string][] = [
    ['config.providers', 'env'],
    ['config.providers.env.class', 'org.apache.kafka.common.config.provider.EnvVarConfigProvider'],
    ['security.protocol', `${mechanism === undefined ? '' : 'SASL_'}${isEncrypted ? 'SSL' : 'PLAINTEXT'}`],
  ]
  if (mechanism !== undefined) {
    const login = `org.apache.kafka.common.security.${LOGIN_MODULES[mechanism] ?? mechanism}`
    const user = `username="${env('KAFKA_USERNAME')}" password="${env('KAFKA_PASSWORD')}"`
    entries.push(['sasl.mechanism', mechanism], ['sasl.jaas.config', `${login} required ${user};`])
  }
  if (hasAuthority) entries.push(['ssl.truststore.type', 'PEM'], ['ssl.truststore.certificates', env('KAFKA_CA')])
  if (hasCertificate)
    entries.push(
      ['ssl.keystore.type', 'PEM'],
      ['ssl.keystore.certificate.chain', env('KAFKA_CERT')],
      ['ssl.keystore.key', env('KAFKA_KEY')],
    )
  return propertiesText('KAFKA_… are read from the environment that Trino is started with.', entries)
}

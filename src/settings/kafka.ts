import { GroundstationError } from '../errors.ts'
import { parsers } from './parse.ts'
import type { Read } from './read.ts'

export const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
export type SaslMechanism = (typeof SASL_MECHANISMS)[number]

export type KafkaSettings = {
  readonly brokers: readonly string[]
  /** PEM texts. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined
  readonly sasl: { readonly mechanism: SaslMechanism; readonly username: string; readonly password: string } | undefined
  /** Whether topics that aren't there are made. */
  readonly createsTopics: boolean
  readonly sessionMs: number | undefined
}

const invalid = (name: string, message: string) => new GroundstationError('SETTING_INVALID', message, { at: name })

/** Undefined without KAFKA_BROKERS. */
export async function readKafka(read: Read): Promise<KafkaSettings | undefined> {
  const brokers = await read('KAFKA_BROKERS', parsers.brokers)
  const tls = await readKafkaTls(read)
  const sasl = await readSasl(read)
  const topics = (await read('KAFKA_TOPICS', parsers.oneOf(['create', 'require']))) ?? 'create'
  const sessionMs = await read('KAFKA_SESSION_MS', parsers.integer(1_000, 300_000, 'milliseconds'))
  return brokers === undefined ? undefined : { brokers, tls, sasl, createsTopics: topics === 'create', sessionMs }
}

async function readKafkaTls(read: Read): Promise<KafkaSettings['tls']> {
  const isOn = await read('KAFKA_TLS', parsers.oneOf(['on', 'off']))
  const ca = await read('KAFKA_CA', parsers.pem)
  const cert = await read('KAFKA_CERT', parsers.pem)
  const key = await read('KAFKA_KEY', parsers.pem, { isSecret: true })
  const texts = Object.fromEntries(Object.entries({ ca, cert, key }).filter(([, text]) => text !== undefined))
  if ((cert === undefined) !== (key === undefined))
    throw invalid('KAFKA_CERT', 'KAFKA_CERT and KAFKA_KEY belong together: expected both, or none.')
  if (isOn === 'off' || (isOn === undefined && Object.keys(texts).length === 0)) return undefined
  return texts
}

async function readSasl(read: Read): Promise<KafkaSettings['sasl']> {
  const username = await read('KAFKA_USERNAME', parsers.text)
  const password = await read('KAFKA_PASSWORD', parsers.text, { isSecret: true })
  const mechanism = (await read('KAFKA_SASL_MECHANISM', parsers.oneOf(SASL_MECHANISMS))) ?? 'SCRAM-SHA-512'
  if ((username === undefined) !== (password === undefined))
    throw invalid('KAFKA_USERNAME', 'KAFKA_USERNAME and KAFKA_PASSWORD belong together: expected both, or none.')
  return username === undefined || password === undefined ? undefined : { mechanism, username, password }
}

import type { BaseOptions } from '@platformatic/kafka'

/** How to reach a cluster. */
export type KafkaConnection = {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  /** PEM texts. Present: connections are encrypted, and the brokers' certificates verified. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined
  readonly sasl?:
    | { readonly mechanism: SaslMechanism; readonly username: string; readonly password: string }
    | undefined
}

export const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
export type SaslMechanism = (typeof SASL_MECHANISMS)[number]

const CONNECT_MS_MAX = 5_000
const REQUEST_MS_MAX = 15_000

/** What every client of the driver is made with. Nothing is retried there: whoever calls knows what may be done again. */
export function clientOptions({ brokers, tls, sasl }: KafkaConnection, clientId: string): BaseOptions {
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: CONNECT_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    timeout: CONNECT_MS_MAX,
    retries: false,
    autocreateTopics: false,
    ...(tls === undefined ? {} : { tls: { ...tls, rejectUnauthorized: true }, tlsServerName: true }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } }),
  }
}

/** A listener that asks who is there: TLS with a certificate of its own, SASL with users of its own, or both. */
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { runProgram } from './program.ts'
import type { Properties } from './properties.ts'

export type Security = {
  readonly tls?: boolean
  /** Names and passwords, for each of PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly users?: Readonly<Record<string, string>>
}

export type Listener = {
  readonly brokers: string
  /** The certificate that a client must trust (PEM), where TLS is asked for. It is good for 127.0.0.1 and localhost. */
  readonly ca: string | undefined
  readonly protocol: 'SASL_SSL' | 'SASL_PLAINTEXT' | 'SSL' | 'PLAINTEXT'
  readonly properties: Properties
  /** For Kafka's format tool, which writes the users of SCRAM into the data. */
  readonly formatArguments: readonly string[]
}

const OF = 'listener.name.secured'
const KEYSTORE_PASSWORD = 'groundstation'
const MODULES = 'org.apache.kafka.common.security'

export async function securedListener(folder: string, { tls = false, users }: Security): Promise<Listener> {
  const certificate = tls ? await makeCertificate(folder) : undefined
  return {
    brokers: `127.0.0.1:${await freePort()}`,
    ca: certificate?.pem,
    protocol: `${users ? 'SASL_' : ''}${tls ? 'SSL' : 'PLAINTEXT'}`,
    properties: {
      ...(certificate && {
        [`${OF}.ssl.keystore.location`]: certificate.keystore,
        [`${OF}.ssl.keystore.password`]: KEYSTORE_PASSWORD,
      }),
      ...(users && saslProperties(users)),
    },
    formatArguments: Object.entries(users ?? {}).flatMap(([name, password]) =>
      ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => [
        '--add-scram',
        `${mechanism}=[name=${name},password=${password}]`,
      ]),
    ),
  }
}

function saslProperties(users: Readonly<Record<string, string>>): Properties {
  const names = Object.entries(users).map(([name, password]) => ` user_${name}="${password}"`)
  const scram = `${MODULES}.scram.ScramLoginModule required;`
  return {
    [`${OF}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [`${OF}.plain.sasl.jaas.config`]: `${MODULES}.plain.PlainLoginModule required${names.join('')};`,
    [`${OF}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${OF}.scram-sha-512.sasl.jaas.config`]: scram,
  }
}

/** By Java's own tool, so that nothing more is needed. Signed by itself, and so its own authority. */
async function makeCertificate(folder: string): Promise<{ readonly pem: string; readonly keystore: string }> {
  const keystore = join(folder, 'server.p12')
  const store = ['-alias', 'server', '-keystore', keystore, '-storepass', KEYSTORE_PASSWORD]
  const names = ['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1,dns:localhost', '-ext', 'bc=ca:true']
  await runProgram('keytool', ['-genkeypair', ...store, '-keyalg', 'EC', '-groupname', 'secp256r1', ...names])
  return { pem: await runProgram('keytool', ['-exportcert', '-rfc', ...store]), keystore }
}

import type { Places } from '../generate/trino/files.ts'
import type { Settings } from '../settings/settings.ts'

/** Where the stores are, as the settings say; of what is secret only whether it is needed. */
export function placesOf({ databaseUrl, kafka, mongodbUrl }: Settings): Places {
  const access = kafka && {
    brokers: kafka.brokers,
    isEncrypted: kafka.tls !== undefined,
    hasAuthority: kafka.tls?.ca !== undefined,
    hasCertificate: kafka.tls?.cert !== undefined,
    mechanism: kafka.sasl?.mechanism,
  }
  return { databaseUrl, kafka: access, hasMongodb: mongodbUrl !== undefined }
}

import { fromEnvironment, propertiesText } from './properties.ts'
import type { TopicTable } from './tables.ts'

/** All names are in small letters, so nothing has to be matched in any case. */
export const postgresqlCatalog = (databaseUrl: string | undefined): string =>
  propertiesText('POSTGRES_… are read from the environment that Trino is started with.', [
    ['connector.name', 'postgresql'],
    ['connection-url', jdbcUrlOf(databaseUrl)],
    ['connection-user', fromEnvironment('POSTGRES_USER')],
    ['connection-password', fromEnvironment('POSTGRES_PASSWORD')],
    // Columns of types that Trino hasn't would not be there: an average's scale, for one, is anybody's.
    ['decimal-mapping', 'ALLOW_OVERFLOW'],
    ['decimal-default-scale', '12'],
    ['decimal-rounding-mode', 'HALF_UP'],
    ['postgresql.array-mapping', 'AS_JSON'],
    ['unsupported-type-handling', 'CONVERT_TO_VARCHAR'],
  ])

/** The same place in JDBC's words, without user and password. */
export function jdbcUrlOf(databaseUrl: string | undefined): string {
  const [, hosts = '', database = '', query = ''] =
    /^postgres(?:ql)?:\/\/(?:[^/?#]*@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(databaseUrl ?? '') ?? []
  const name = database === '' ? fromEnvironment('POSTGRES_DB') : database
  // A password that isn't written as a URL wants it could be in any part.
  if (hosts === '' || `${hosts}${database}`.includes('@'))
    return `jdbc:postgresql://${fromEnvironment('POSTGRES_HOST')}:${fromEnvironment('POSTGRES_PORT')}/${fromEnvironment('POSTGRES_DB')}`
  const encryption = new URLSearchParams(query).get('sslmode') ?? ''
  return `jdbc:postgresql://${hosts}/${name}${/^[a-z-]+$/.test(encryption) ? `?sslmode=${encryption}` : ''}`
}

type Topics = {
  readonly brokers: readonly string[] | undefined
  readonly tables: readonly TopicTable[]
  /** A file of what Kafka's client has to be told, and the folder of the tables. */
  readonly client: string | undefined
  readonly folder: string
}

export const kafkaCatalog = ({ brokers, tables, client, folder }: Topics): string =>
  propertiesText('Each table is described in a file of its own.', [
    ['connector.name', 'kafka'],
    ['kafka.nodes', brokers === undefined ? fromEnvironment('KAFKA_BROKERS') : brokers.join(',')],
    ['kafka.table-names', tables.map(({ schemaName, tableName }) => `${schemaName}.${tableName}`).join(',')],
    ['kafka.table-description-dir', folder],
    ...(client === undefined ? [] : [['kafka.config.resources', client] as const]),
  ])

export const mongodbCatalog = (): string =>
  propertiesText('MONGODB_URL is read from the environment that Trino is started with.', [
    ['connector.name', 'mongodb'],
    ['mongodb.connection-url', fromEnvironment('MONGODB_URL')],
  ])

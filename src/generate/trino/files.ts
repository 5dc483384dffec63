import type { CompiledFeed } from '../../feed/compile.ts'
import type { GeneratedFile } from '../file.ts'
import { topicsOf } from '../topics.ts'
import { kafkaCatalog, mongodbCatalog, postgresqlCatalog } from './catalogs.ts'
import { clientProperties, type KafkaAccess } from './kafka-client.ts'
import { queryFiles } from './queries.ts'
import { tablesOf } from './tables.ts'

export type Places = {
  /** With its password, which is not written. Undefined: Trino's environment says where it is. */
  readonly databaseUrl: string | undefined
  /** Undefined: Trino's environment says where the brokers are. */
  readonly kafka: KafkaAccess | undefined
  readonly hasMongodb: boolean
}

/** Trino's own folder of settings, seen from where its server runs. */
const ETC = 'etc'
const CLIENT = 'kafka-client.properties'

/** What belongs into Trino's etc folder, a catalog for each store and the tables of the topics; and queries over them. */
export function trinoFiles(feeds: readonly CompiledFeed[], places: Places): GeneratedFile[] {
  const files = [{ path: 'catalog/postgresql.properties', text: postgresqlCatalog(places.databaseUrl) }]
  if (places.hasMongodb) files.push({ path: 'catalog/mongodb.properties', text: mongodbCatalog() })
  return [...files, ...topicFiles(feeds, places.kafka), ...queryFiles(feeds)]
}

function* topicFiles(feeds: readonly CompiledFeed[], access: KafkaAccess | undefined): Generator<GeneratedFile> {
  const tables = tablesOf(topicsOf(feeds))
  if (tables.length === 0) return
  const clientText = clientProperties(access)
  const client = clientText === undefined ? undefined : `${ETC}/${CLIENT}`
  const text = kafkaCatalog({ brokers: access?.brokers, tables, client, folder: `${ETC}/kafka` })
  yield { path: 'catalog/kafka.properties', text }
  if (clientText !== undefined) yield { path: CLIENT, text: clientText }
  for (const table of tables) {
    const { schemaName, tableName } = table
    yield { path: `kafka/${schemaName}.${tableName}.json`, text: `${JSON.stringify(table, null, 2)}\n` }
  }
}

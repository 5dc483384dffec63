import type { CompiledFeed } from '../feed/compile.ts'
import type { GeneratedFile } from './file.ts'
import type { Shape } from './shape.ts'
import { type Topic, topicsOf, untaken } from './topics.ts'

/** Words of ksqlDB's grammar that can't be a name without backticks. */
const RESERVED = new Set(
  `advance all and as at beginning between by case cast catalog connector connectors create days decimal delete describe
   distinct drop else end exists export extended false from full group having hopping hours in inner insert into is join
   left like limit list load materialized millisecond milliseconds minutes months namespace not null on or outer print
   properties queries query rename retention right run sample script seconds select size stream streams table terminate
   then to topic topics true tumbling unset values view when where window with within years`.split(/\s+/),
)

/** A stream for each topic of the feeds. */
export function ksqldbFile(feeds: readonly CompiledFeed[]): GeneratedFile {
  const taken = new Set<string>()
  const streams = topicsOf(feeds).map(topic => {
    return streamOf(topic, untaken(topic.name.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_'), taken))
  })
  return {
    path: 'ksqldb.sql',
    text: ['-- The topics are there once the feeds have been started with Kafka.\n', ...streams].join('\n'),
  }
}

function streamOf({ name: topic, value, isKeyed }: Topic, name: string): string {
  const fields = value.kind === 'struct' ? value.fields : new Map<string, Shape>()
  const columns = columnsOf(fields, '  ')
  const key = untaken('rowkey', new Set([...fields.keys()].map(field => field.toLowerCase())))
  const lines = isKeyed ? [`${key} VARCHAR KEY`, ...columns] : columns
  const properties = [`KAFKA_TOPIC='${topic}'`, ...(isKeyed ? ["KEY_FORMAT='KAFKA'"] : []), "VALUE_FORMAT='JSON'"]
  const head = `CREATE STREAM IF NOT EXISTS ${identifier(name)}`
  return `${head} (\n  ${lines.join(',\n  ')}\n) WITH (\n  ${properties.join(',\n  ')}\n);\n`
}

function typeOf(shape: Shape, indent: string): string {
  switch (shape.kind) {
    case 'text':
    case 'json':
      return 'VARCHAR'
    case 'integer':
      return 'INT'
    case 'bigint':
      return 'BIGINT'
    case 'double':
      return 'DOUBLE'
    case 'boolean':
      return 'BOOLEAN'
    case 'list':
      return `ARRAY<${typeOf(shape.of, indent)}>`
    case 'map':
      return `MAP<VARCHAR, ${typeOf(shape.of, indent)}>`
    case 'struct': {
      const deeper = `${indent}  `
      return `STRUCT<\n${deeper}${columnsOf(shape.fields, deeper).join(`,\n${deeper}`)}\n${indent}>`
    }
  }
}

function columnsOf(fields: ReadonlyMap<string, Shape>, indent: string): string[] {
  const names = [...fields.keys()].map(name => name.toLowerCase())
  const isAlone = (name: string) => names.indexOf(name.toLowerCase()) === names.lastIndexOf(name.toLowerCase())
  return [...fields].map(([name, shape]) => {
    return `${isAlone(name) ? identifier(name) : backticked(name)} ${typeOf(shape, indent)}`
  })
}

/** Bare where it can be, so that it is typed in whatever case. */
const identifier = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name.toLowerCase()) ? name : backticked(name)

const backticked = (name: string): string => `\`${name.replaceAll('`', '``')}\``

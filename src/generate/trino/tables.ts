import type { Shape } from '../shape.ts'
import { type Topic, untaken } from '../topics.ts'

/** A topic as Trino's Kafka connector describes a table of it. */
export type TopicTable = {
  readonly schemaName: string
  readonly tableName: string
  readonly topicName: string
  readonly message: { readonly dataFormat: 'json'; readonly fields: readonly Field[] }
}

/** `mapping` is the way to the value, with `/` between. */
type Field = { readonly name: string; readonly mapping: string; readonly type: string }

/** What stands before a topic's first point is its schema, as Trino itself reads such names. */
export function tablesOf(topics: readonly Topic[]): TopicTable[] {
  const taken = new Set<string>()
  return topics.map(({ name: topicName, value }) => {
    const [first = '', ...rest] = topicName.toLowerCase().split('.')
    const schemaName = rest.length === 0 ? 'default' : plain(first)
    const tableName = untaken(`${schemaName}.${plain(rest.length === 0 ? first : rest.join('_'))}`, taken)
    const message = { dataFormat: 'json' as const, fields: fieldsOf(value) }
    return { schemaName, tableName: tableName.slice(schemaName.length + 1), topicName, message }
  })
}

/** A name that needs no quotes. */
const plain = (name: string): string => name.replaceAll(/[^a-z0-9_]/g, '_').replace(/^(?=\d|$)/, '_')

type Leaf = { readonly path: readonly string[]; readonly shape: Shape }

/** A column for each value within the event's objects; lists and what has no type are text that is JSON. */
function fieldsOf(value: Shape): Field[] {
  const leaves = [...leavesOf(value, [])]
  const names = leaves.map(({ path }) => path.at(-1)?.toLowerCase() ?? '')
  const taken = new Set<string>()
  return leaves.map(({ path, shape }, index) => {
    const name = names[index] ?? ''
    const isAlone = names.indexOf(name) === names.lastIndexOf(name)
    return {
      name: untaken(isAlone ? name : path.join('_').toLowerCase(), taken),
      mapping: path.join('/'),
      type: typeOf(shape),
    }
  })
}

function* leavesOf(shape: Shape, path: readonly string[]): Generator<Leaf> {
  if (shape.kind !== 'struct') {
    if (path.length > 0) yield { path, shape }
    return
  }
  // The connector can't be told a way that has a slash in it.
  for (const [name, one] of shape.fields) if (!name.includes('/')) yield* leavesOf(one, [...path, name])
}

function typeOf({ kind }: Shape): string {
  switch (kind) {
    case 'integer':
      return 'INTEGER'
    case 'bigint':
      return 'BIGINT'
    case 'double':
      return 'DOUBLE'
    case 'boolean':
      return 'BOOLEAN'
    default:
      return 'VARCHAR'
  }
}

import { finished } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import type { ArrayType, Rows } from '../binary-rows.ts'
import type { Client } from '../store.ts'

const ARRAY_TYPES: Readonly<Record<ArrayType, string>> = {
  boolean: 'boolean[]',
  bytea: 'bytea[]',
  bigint: 'bigint[]',
  smallint: 'smallint[]',
  integer: 'integer[]',
  text: 'text[]',
  double: 'double precision[]',
  timestamp: 'timestamptz[]',
  uuid: 'uuid[]',
  json: 'jsonb[]',
}

export type Target = {
  readonly table: string
  readonly columns: readonly string[]
  readonly types: readonly ArrayType[]
}

/** Puts encoded rows into a table: by COPY, or as one prepared INSERT. Names are quoted where they must be. */
export async function writeRows(client: Client, { table, columns, types }: Target, rows: Rows): Promise<void> {
  const into = `${table} (${columns.join(', ')})`
  if (rows.mode === 'copy') {
    const stream = client.query(from(`copy ${into} from stdin with (format binary)`))
    stream.end(rows.finish()[0])
    await finished(stream)
    rows.recycle()
    return
  }
  const arrays = types.map((type, index) => `$${index + 1}::${ARRAY_TYPES[type]}`)
  const text = `insert into ${into} select * from unnest(${arrays.join(', ')})`
  await client.query({ name: statementName(text), text, values: rows.finish() })
}

const names = new Map<string, string>()

/** A prepared statement's name: short, and the same for the same text. */
function statementName(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = `rows-${names.size}`
  names.set(text, name)
  return name
}

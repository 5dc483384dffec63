import { finished } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import type { CopyWriter } from '../binary.ts'
import type { Client } from '../store.ts'

/** Rows in binary into a table with the columns in parentheses after its name. */
export async function copyIn(client: Client, target: string, rows: CopyWriter): Promise<void> {
  const stream = client.query(from(`copy ${target} from stdin with (format binary)`))
  stream.end(rows.finish())
  await finished(stream)
  rows.recycle()
}

import { finished } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import type { Client } from '../store.ts'

/** Rows in binary into a table with the columns in parentheses after its name. */
export async function copyIn(client: Client, target: string, rows: Buffer): Promise<void> {
  const stream = client.query(from(`copy ${target} from stdin with (format binary)`))
  stream.end(rows)
  await finished(stream)
}

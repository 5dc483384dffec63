import { finished } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import type { Client } from '../../src/store/store.ts'
import type { Copied } from './copied-rows.ts'

/** Not the product's own: the floor stays what anybody's program would do. */
export async function copyTransaction(client: Client, copies: readonly Copied[]): Promise<void> {
  await client.query('begin')
  for (const { target, bytes } of copies) {
    const stream = client.query(from(`copy ${target} from stdin with (format binary)`))
    stream.end(bytes)
    await finished(stream)
  }
  await client.query('commit')
}

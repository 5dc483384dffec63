/** The floor: a bare COPY of the rows that the engine wrote, encoded before the clock starts. */
import { finished } from 'node:stream/promises'
import { from } from 'pg-copy-streams'
import { type Client, openStore } from '../../src/store/store.ts'
import { type Cut, type Load, readLoad } from '../load/copied-rows.ts'
import { serve } from './serve.ts'

let load: Load = { connections: [], rows: 0 }

const handlers = {
  read: async (cut: Cut) => {
    load = await readLoad(cut)
    return { rows: load.rows }
  },
  write: async ({ url }: { url: string }) => {
    const { connections } = load
    const store = await openStore(url, { connectionsMax: connections.length })
    try {
      await Promise.all(connections.map(() => store.query('select pg_sleep(0.05)')))
      const started = performance.now()
      await Promise.all(
        connections.map(transactions =>
          store.withClient(async client => {
            for (const copies of transactions) {
              await client.query('begin')
              for (const { target, bytes } of copies) await copyIn(client, target, bytes)
              await client.query('commit')
            }
          }),
        ),
      )
      const seconds = (performance.now() - started) / 1000
      return { seconds }
    } finally {
      await store.close()
    }
  },
}
export type CopyMethods = typeof handlers

/** Not the product's own: the floor stays what anybody's program would do. */
async function copyIn(client: Client, target: string, rows: Buffer): Promise<void> {
  const stream = client.query(from(`copy ${target} from stdin with (format binary)`))
  stream.end(rows)
  await finished(stream)
}

serve(handlers)

/** The floor: a bare COPY of the rows that the engine wrote, or of one keyed table's, encoded before the clock starts. */
import { openStore } from '../../src/store/store.ts'
import { type Cut, type Load, readLoad } from '../load/copied-rows.ts'
import { copyTransaction } from '../load/copy-transaction.ts'
import { type KeyedCut, keyedLoad } from '../load/keyed-rows.ts'
import { serve } from './serve.ts'

let load: Load = { connections: [], rows: 0 }

const handlers = {
  read: async (cut: Cut) => {
    load = await readLoad(cut)
    return { rows: load.rows }
  },
  encode: async (cut: KeyedCut) => {
    load = keyedLoad(cut)
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
            for (const copies of transactions) await copyTransaction(client, copies)
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

serve(handlers)

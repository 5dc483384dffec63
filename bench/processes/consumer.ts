/** The floor of reading a topic: a consumer that only parses the JSON, and COPYs rows that were encoded before. */
import { openStore } from '../../src/store/store.ts'
import { type Cut, type Load, readLoad } from '../load/copied-rows.ts'
import { copyTransaction } from '../load/copy-transaction.ts'
import { Parsing, type Source } from '../load/parsing.ts'
import { serve } from './serve.ts'

let load: Load = { connections: [], rows: 0 }

const handlers = {
  read: async (cut: Cut) => {
    load = await readLoad(cut)
    return { rows: load.rows }
  },
  /** From the first row to the last commit. */
  consume: async ({ url, ...source }: Source & { url: string }) => {
    const { connections } = load
    const store = await openStore(url, { connectionsMax: connections.length })
    try {
      await Promise.all(connections.map(() => store.query('select pg_sleep(0.05)')))
      const parsing = new Parsing(connections.map(transactions => transactions.length))
      let started: number | undefined
      const writing = connections.map((transactions, connection) =>
        store.withClient(async client => {
          for (const [index, copies] of transactions.entries()) {
            while (!parsing.isParsed(connection, index)) await parsing.changed()
            started ??= performance.now()
            await copyTransaction(client, copies)
            parsing.wrote(connection)
          }
        }),
      )
      await Promise.all([parsing.run(source), ...writing])
      const seconds = (performance.now() - (started ?? Number.NaN)) / 1000
      return { seconds, parsed: parsing.parsed }
    } finally {
      await store.close()
    }
  },
}
export type ConsumerMethods = typeof handlers

serve(handlers)

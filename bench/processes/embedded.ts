/** The floor of starting: Node and the embedded PostgreSQL, ready for a statement. */
import { type EmbeddedServer, openEmbedded } from '../../src/embedded/index.ts'
import { openStore } from '../../src/store/store.ts'
import { serve } from './serve.ts'

let server: EmbeddedServer | undefined

const handlers = {
  open: async ({ home }: { home: string }) => {
    server = await openEmbedded({ home, log: () => undefined })
    const store = await openStore(server.url)
    await store.close()
  },
  close: async () => server?.stop(),
}
export type EmbeddedMethods = typeof handlers

serve(handlers)

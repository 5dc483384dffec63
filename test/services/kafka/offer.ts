import { once } from 'node:events'
import { createServer } from 'node:http'
import { type Broker, startBroker } from './broker.ts'

/** Where `run.ts` says whom to ask for the broker of this run. */
export const KAFKA_URL = 'GROUNDSTATION_TEST_KAFKA_URL'

export type Offer = { readonly url: string; stop(): Promise<void> }

/** One broker for all test files, which are processes of their own: started when the first of them asks, and only then. */
export async function offerBroker(): Promise<Offer> {
  let starting: Promise<Broker> | undefined
  const server = createServer((_, response) => {
    starting ??= startBroker()
    starting.then(
      ({ brokers }) => response.end(brokers),
      error => response.writeHead(500).end(String(error)),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: typeof address === 'object' ? `http://127.0.0.1:${address?.port}/` : '',
    stop: async () => {
      server.close()
      server.closeAllConnections()
      const broker = await starting?.catch(() => undefined)
      await broker?.stop()
    },
  }
}

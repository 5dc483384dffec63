import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

/** What the receiver does with the n-th request (from 1); `hang` never answers, `reset` cuts the connection. */
export type Reaction = number | 'hang' | 'reset' | { readonly outcome: string }

export interface Receiver {
  readonly url: string
  readonly bodies: string[]
  /** Connections that were opened. */
  readonly connections: () => number
}

/** A real server on a free port, closed with the test. */
export async function receiver(t: TestContext, react: (request: number, body: string) => Reaction): Promise<Receiver> {
  const bodies: string[] = []
  let connections = 0
  const server = createServer(async (incoming, outgoing) => {
    const body = await text(incoming)
    bodies.push(body)
    perform(react(bodies.length, body), incoming, outgoing)
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/messages`, bodies, connections: () => connections }
}

function perform(reaction: Reaction, incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (reaction === 'reset') incoming.socket.resetAndDestroy()
  else if (typeof reaction === 'number') outgoing.writeHead(reaction).end('{}')
  else if (reaction !== 'hang') outgoing.end(JSON.stringify(reaction))
}

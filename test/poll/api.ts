import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Owner } from '../database.ts'

export type Answering = (request: IncomingMessage, response: ServerResponse, number: number) => void

/** An API that somebody else runs, and that behaves as a test says. */
export type Api = {
  readonly url: string
  /** What it was asked, in order: method and path. */
  readonly asked: string[]
  /** From now on it answers so. */
  answer(next: Answering): void
}

export const json = (value: unknown, headers: Record<string, string> = {}): Answering => {
  const body = JSON.stringify(value)
  return (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body)
}

export async function openApi(owner: Owner, first: Answering = json([]), host = '127.0.0.1'): Promise<Api> {
  let answering = first
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answering(request, response, asked.length)
  })
  server.listen(0, host)
  await once(server, 'listening')
  owner.after(async () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    answer: next => {
      answering = next
    },
  }
}

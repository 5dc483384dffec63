/** An API of launches, page by page, that does as little as it can. `GET /<how many>/launches?page=1`. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LaunchPages } from '../load/launch-pages.ts'
import { serve } from './serve.ts'

const made = new Map<number, LaunchPages>()

const server = createServer((request, response) => {
  const [, items, page] = /^\/(\d+)\/launches\?page=(\d+)$/.exec(request.url ?? '') ?? []
  if (items === undefined) return void response.writeHead(404).end()
  const body = pagesOf(Number(items)).at(Number(page))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
})

function pagesOf(items: number): LaunchPages {
  const known = made.get(items) ?? new LaunchPages(items)
  made.set(items, known)
  return known
}

const handlers = {
  listen: async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return { port }
  },
}
export type PagesMethods = typeof handlers

serve(handlers)

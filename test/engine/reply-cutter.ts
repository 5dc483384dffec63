import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands between the engine and PostgreSQL, and can cut a connection between a commit and its answer. */
export type ReplyCutter = {
  readonly url: string
  /** Swallows the answer to the next commit and cuts the connection; resolves when it has. */
  cutNextCommit(): Promise<void>
  close(): void
}

export async function cutReplies(target: string): Promise<ReplyCutter> {
  const { hostname, port, searchParams } = new URL(target)
  const socketFolder = searchParams.get('host')
  const open = () =>
    socketFolder === null
      ? connect(Number(port || 5432), hostname)
      : connect(`${socketFolder}/.s.PGSQL.${searchParams.get('port') ?? (port || 5432)}`)
  let armed: (() => void) | undefined
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const upstream = open()
    let isCutting = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', bytes => {
      if (armed !== undefined && bytes.includes('commit')) isCutting = true
      upstream.write(bytes)
    })
    upstream.on('data', bytes => {
      if (!isCutting) return void client.write(bytes)
      client.destroy()
      armed?.()
      armed = undefined
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  url.search = ''
  return {
    url: url.href,
    cutNextCommit: () =>
      new Promise(resolve => {
        armed = resolve
      }),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

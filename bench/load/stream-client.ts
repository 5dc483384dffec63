import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A client of a stream of server-sent events, as little work as that can be. HTTP/1.0, so that nothing is cut into chunks. */
export class StreamClient {
  readonly #socket: Socket
  readonly #onData: ((data: string) => void) | undefined
  #rest = ''
  messages = 0
  isEnded = false

  private constructor(socket: Socket, onData: ((data: string) => void) | undefined) {
    this.#socket = socket
    this.#onData = onData
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#read(text))
    for (const end of ['end', 'close', 'error']) socket.on(end, () => (this.isEnded = true))
  }

  /** Resolves when the stream has begun. Without `onData` messages are only counted. */
  static async open(port: number, path: string, onData?: (data: string) => void): Promise<StreamClient> {
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    const client = new StreamClient(socket, onData)
    socket.write(`GET ${path} HTTP/1.0\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n\r\n`)
    const [first] = (await once(socket, 'data')) as [string]
    if (!/^HTTP\/1\.1 200 /.test(first)) throw new Error(first.slice(0, 200))
    return client
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const at = block.indexOf('\ndata: ')
      if (at === -1) continue
      this.messages++
      this.#onData?.(block.slice(at + 7))
    }
  }
}

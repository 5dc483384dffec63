import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type Response = { readonly status: number; readonly body: string }

/**
 * One kept connection, one request at a time, as little work as that can be: a client that measures takes its share of
 * the same cores. It reads answers that carry a Content-Length, which all of those measured do.
 */
export class Connection {
  readonly #socket: Socket
  #received = ''
  #bodyFrom = -1
  #end = 0
  #waiting: { resolve(response: Response): void; reject(error: Error): void } | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#read(text))
    socket.on('error', error => this.#waiting?.reject(error))
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')))
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    return new Connection(socket)
  }

  /** Sends a request that is complete, headers and all. */
  send(request: Buffer | string): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the server has closed the connection'))
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  /** Sends a request in pieces, no faster than they are taken. */
  async stream(pieces: Iterable<Buffer>): Promise<Response> {
    const answered = new Promise<Response>((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
    for (const piece of pieces) if (!this.#socket.write(piece)) await once(this.#socket, 'drain')
    return answered
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #read(text: string): void {
    this.#received += text
    if (this.#bodyFrom === -1) this.#readHead()
    if (this.#bodyFrom === -1 || this.#received.length < this.#end) return
    const response = { status: Number(this.#received.slice(9, 12)), body: this.#received.slice(this.#bodyFrom) }
    this.#received = ''
    this.#bodyFrom = -1
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(response)
  }

  #readHead(): void {
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd === -1) return
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#received.slice(0, headEnd))?.[1]
    if (length === undefined) throw new Error(`an answer without Content-Length: ${this.#received.slice(0, headEnd)}`)
    this.#bodyFrom = headEnd + 4
    this.#end = this.#bodyFrom + Number(length)
  }
}

/** A TCP proxy between a service and PostgreSQL that cuts connections where it hurts most: around a commit. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** The simple query `commit`, as it stands in the stream. */
const COMMIT = Buffer.from('commit\0')

export type Cut =
  /** The commit never reaches the server: nothing is stored. */
  | 'before'
  /** The commit reaches the server, its answer never the service: all is stored. */
  | 'after'
  /** Neither hears anything of the other any more, not even its end: half-open. */
  | 'hold'

export class CuttingProxy {
  /** Asked at each commit; undefined lets it pass. */
  onCommit: () => Cut | undefined = () => undefined
  cuts = 0
  /** While false, new connections are refused. */
  accepts = true
  readonly #to: number
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()

  private constructor(to: number) {
    this.#to = to
    this.#server = createServer(socket => this.#join(socket))
  }

  static async open(to: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(to)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** Resets every connection there is. */
  cutAll(): void {
    for (const pair of this.#pairs) this.#end(pair)
  }

  async close(): Promise<void> {
    this.cutAll()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket): void {
    if (!this.accepts) {
      near.on('error', () => undefined).resetAndDestroy()
      return
    }
    const far = connect(this.#to, '127.0.0.1')
    const pair = [near, far] as const
    this.#pairs.add(pair)
    let cut: Cut | undefined
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => cut !== 'hold' && this.#end(pair))
    }
    near.on('data', bytes => {
      if (cut === undefined && bytes.includes(COMMIT)) {
        cut = this.onCommit()
        if (cut !== undefined) this.cuts += 1
      }
      if (cut === 'before') this.#end(pair)
      else if (cut !== 'hold') far.write(bytes)
    })
    far.on('data', bytes => {
      if (cut === undefined) near.write(bytes)
      else if (cut === 'after') this.#end(pair)
    })
  }

  #end(pair: readonly [Socket, Socket]): void {
    this.#pairs.delete(pair)
    for (const socket of pair) if (!socket.destroyed) socket.resetAndDestroy()
  }
}

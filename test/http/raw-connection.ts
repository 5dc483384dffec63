import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export type RawConnection = {
  readonly socket: Socket
  write(text: string | Buffer): void
  /** Resolves with all that came, once it holds the text. Rejects where the connection ends before. */
  until(text: string): Promise<string>
  /** All that came until the other side ended or cut the connection. */
  readonly ended: Promise<string>
}

/** A connection on which anything can be said. */
export async function rawConnection(t: TestContext, port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1' })
  t.after(() => socket.destroy())
  let received = ''
  let wake = (): void => undefined
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received += text
    wake()
  })
  socket.on('error', () => undefined)
  const ended = new Promise<string>(resolve => socket.once('close', () => resolve(received)))
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject)
  })
  return {
    socket,
    write: text => {
      socket.write(text)
    },
    until: text =>
      new Promise((resolve, reject) => {
        wake = () => {
          if (received.includes(text)) resolve(received)
        }
        void ended.then(all => reject(new Error(`ended without ${text}: ${all}`)))
        wake()
      }),
    ended,
  }
}

export const head = (path: string, ...headers: string[]): string =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${headers.map(header => `${header}\r\n`).join('')}\r\n`

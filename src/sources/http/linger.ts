import type { IncomingMessage, ServerResponse } from 'node:http'

const LINGER_MS = 3_000
const LINGER_BYTES = 64 * 1024 * 1024

/**
 * After an answer that came before its request's end: reads what is still on its way, and drops it, so that the sender
 * gets to read the answer instead of a reset connection. Whoever goes on sending is cut off all the same.
 */
export function lingerAfter(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || request.destroyed) return
  response.once('finish', () => {
    if (request.complete || request.destroyed) return
    let bytes = 0
    const cut = (): void => {
      request.destroy()
    }
    const timer = setTimeout(cut, LINGER_MS)
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > LINGER_BYTES) cut()
    })
    request.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer))
    request.on('error', () => undefined)
    request.resume()
  })
}

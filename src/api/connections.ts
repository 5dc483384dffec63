import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Limits } from '../sources/http/limits.ts'
import { PROBLEM_MEDIA_TYPE, problem } from '../sources/http/problem.ts'

/** How full it may get before connections that wait for nothing are closed. */
const CROWDED = 0.8
const TIDY_MS = 200

/** Bounds the connections. There are senders that open one a message and never close it: theirs go first. */
export function boundConnections(server: Server, { connectionsMax }: Limits): void {
  server.maxConnections = connectionsMax
  let open = 0
  let tidiedMs = Number.NEGATIVE_INFINITY
  const tidy = (): void => {
    const nowMs = performance.now()
    if (nowMs - tidiedMs < TIDY_MS) return
    tidiedMs = nowMs
    server.closeIdleConnections()
  }
  server.on('connection', socket => {
    open++
    socket.once('close', () => open--)
    if (open >= connectionsMax * CROWDED) tidy()
  })
  server.on('drop', tidy)
}

const UNREADABLE: Readonly<Record<string, readonly [number, string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'timeout', 'The headers did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'headers-too-large', 'The headers have at most 16 KiB.'],
}

/** Answers what isn't HTTP, or never becomes a request. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  // Where an answer has begun, bytes of another one would pass for its body.
  const { _httpMessage: current } = socket as Socket & { _httpMessage?: { headersSent: boolean } | null }
  if (error.code !== 'ECONNRESET' && socket.writable && !current?.headersSent) {
    const [status, code, detail] = UNREADABLE[error.code ?? ''] ?? [400, 'request-invalid', 'This is not HTTP.']
    const answer = problem(status, code, detail)
    const body = JSON.stringify(answer)
    socket.write(
      `HTTP/1.1 ${status} ${answer.title}\r\nconnection: close\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }
  socket.destroySoon()
}

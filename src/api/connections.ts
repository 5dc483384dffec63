import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Limits } from '../sources/http/limits.ts'
import { PROBLEM_MEDIA_TYPE, problem } from '../sources/http/problem.ts'

/** From how full on connections that wait for nothing are closed, and after how many new ones again. */
const CROWDED = 0.8
const TIDY_EVERY = 0.05

/** Bounds the connections. There are senders that open one a message and never close it: theirs go first. */
export function boundConnections(server: Server, { connectionsMax, idleMsMax }: Limits): void {
  server.maxConnections = connectionsMax
  server.timeout = idleMsMax
  server.on('timeout', endUnread)
  let open = 0
  let sinceTidied = 0
  const tidy = (): void => {
    sinceTidied = 0
    server.closeIdleConnections()
  }
  server.on('connection', socket => {
    open++
    sinceTidied++
    socket.once('close', () => open--)
    if (open >= connectionsMax * CROWDED && sinceTidied >= connectionsMax * TIDY_EVERY) tidy()
  })
  server.on('drop', tidy)
}

/**
 * Nothing moved on a connection for the time that an answer may lie unread, or that a next request is waited for. One
 * that waits for us stays: a commit may take longer.
 */
function endUnread(socket: Socket): void {
  if (answerOn(socket) === undefined || socket.writableLength > 0) socket.destroy()
}

/** The answer that a connection is at. Node's own server looks there too; there is no other way to know. */
const answerOn = (socket: Socket): ServerResponse | undefined =>
  (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined

const UNREADABLE: Readonly<Record<string, readonly [number, string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'timeout', 'The headers did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'headers-too-large', 'The headers have at most 16 KiB.'],
}

/** Answers what isn't HTTP, or never becomes a request. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  const current = answerOn(socket)
  // What was asked properly before gets its answer; bytes of this one would pass for it.
  if (current?.req.complete === true && !socket.destroyed) {
    current.once('close', () => socket.destroySoon())
    return
  }
  if (error.code !== 'ECONNRESET' && socket.writable && !current?.headersSent) socket.write(answerOf(error.code))
  socket.destroySoon()
}

function answerOf(errorCode: string | undefined): string {
  const [status, code, detail] = UNREADABLE[errorCode ?? ''] ?? [400, 'request-invalid', 'This is not HTTP.']
  const answer = problem(status, code, detail)
  const body = JSON.stringify(answer)
  return `HTTP/1.1 ${status} ${answer.title}\r\nconnection: close\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

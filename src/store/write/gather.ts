import type { Socket } from 'node:net'
import type { Client } from '../store.ts'

/**
 * Keeps what is sent on a pipelined connection together until the returned function is called, so that many statements are
 * one write here and one read at the server. Nothing is lost where the driver hides its socket: then each goes by itself.
 */
export function gather(client: Client): () => void {
  const { connection } = client as unknown as { connection?: { stream?: Socket } }
  const stream = connection?.stream
  stream?.cork?.()
  let isOpen = true
  return () => {
    if (isOpen) stream?.uncork?.()
    isOpen = false
  }
}

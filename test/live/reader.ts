import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { until } from '../until.ts'

export type Received = { readonly id: string | undefined; readonly event: string; readonly data: string }

/** A client of a stream, with its own reading of the format; keeps all that it gets. */
export type Reader = {
  readonly response: IncomingMessage
  readonly received: Received[]
  /** As a browser would send it when it reconnects. */
  readonly lastId: () => string | undefined
  readonly isEnded: () => boolean
  /** Resolves with the first so many messages. */
  messages(count: number): Promise<Received[]>
  close(): void
}

export async function read(url: string, headers: Record<string, string> = {}): Promise<Reader> {
  const request = get(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  request.on('error', () => undefined)
  const received: Received[] = []
  let isEnded = false
  let lastId: string | undefined
  let rest = ''
  response.setEncoding('utf8')
  response.on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = messageOf(block)
      if (message.id !== undefined) lastId = message.id
      if (message.data !== undefined)
        received.push({ id: message.id, event: message.event ?? 'message', data: message.data })
    }
  })
  for (const end of ['end', 'close', 'error']) response.on(end, () => (isEnded = true))
  await until('the stream begins', () =>
    Promise.resolve(lastId !== undefined || isEnded || response.statusCode !== 200),
  )
  return {
    response,
    received,
    lastId: () => lastId,
    isEnded: () => isEnded,
    messages: async count => {
      await until(`${count} messages`, () => Promise.resolve(received.length >= count))
      return received.slice(0, count)
    },
    close: () => request.destroy(),
  }
}

function messageOf(block: string): { id?: string; event?: string; data?: string } {
  const found: { id?: string; event?: string; data?: string } = {}
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'id') found.id = value
    else if (name === 'event') found.event = value
    else if (name === 'data') found.data = found.data === undefined ? value : `${found.data}\n${value}`
  }
  return found
}

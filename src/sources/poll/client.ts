import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Agent, type Dispatcher, request } from 'undici'
import { messageOf } from '../../errors.ts'
import { BEGINNING_BYTES, PageFailure, wrongAnswer } from './failure.ts'

export type PageRequest = {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export type ClientLimits = {
  readonly connectMs: number
  /** For a whole answer, from the request to its last byte. */
  readonly answerMs: number
  /** Unpacked. */
  readonly bytesMax: number
}

export const CLIENT_LIMITS: ClientLimits = { connectMs: 10_000, answerMs: 60_000, bytesMax: 32 * 1024 * 1024 }

type Lookup = (
  name: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export type ClientOptions = { readonly limits?: Partial<ClientLimits>; readonly lookup?: Lookup }

/** Asks an API over connections that are kept. Every wait and every size has its bound; certificates are checked. */
export class PollClient {
  readonly #limits: ClientLimits
  readonly #agent: Agent

  constructor({ limits, lookup = systemLookup }: ClientOptions = {}) {
    this.#limits = { ...CLIENT_LIMITS, ...limits }
    const { connectMs, answerMs } = this.#limits
    this.#agent = new Agent({
      connect: { timeout: connectMs, lookup: lookup as never },
      headersTimeout: answerMs,
      bodyTimeout: answerMs,
      connections: 8,
      pipelining: 1,
    })
  }

  /** One answer, whatever its status. Raises PageFailure. */
  async send(asked: PageRequest, signal: AbortSignal): Promise<Answer> {
    const late = AbortSignal.timeout(this.#limits.answerMs)
    const ended = AbortSignal.any([signal, late])
    try {
      const { url, method, headers, body } = asked
      const answer = await request(url, {
        dispatcher: this.#agent,
        method,
        headers: { accept: 'application/json', 'accept-encoding': 'gzip', ...headers },
        signal: ended,
        ...(body === undefined ? {} : { body }),
      })
      const flat = flatHeaders(answer.headers)
      return { status: answer.statusCode, headers: flat, body: await this.#read(answer, flat) }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof PageFailure) throw error
      const reason = late.aborted ? `has taken longer than ${this.#limits.answerMs / 1000} s` : wordsOf(error)
      throw new PageFailure('SOURCE_UNREACHABLE', reason, { cause: error })
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #read({ body }: Dispatcher.ResponseData, headers: Answer['headers']): Promise<Buffer> {
    const { bytesMax } = this.#limits
    const coding = headers['content-encoding'] ?? 'identity'
    if (coding !== 'identity' && coding !== 'gzip') {
      body.destroy()
      throw wrongAnswer(`is packed with ${coding}, which was not asked for`, Buffer.alloc(0))
    }
    const pieces: Buffer[] = []
    let bytes = 0
    for await (const piece of coding === 'gzip' ? unpacked(body) : body) {
      pieces.push(piece)
      bytes += piece.length
      // Leaving the loop destroys the stream, and with it the connection.
      if (bytes > bytesMax) throw wrongAnswer(`has more than ${bytesMax} bytes`, beginningOf(pieces))
    }
    return Buffer.concat(pieces, bytes)
  }
}

function unpacked(body: Readable): AsyncIterable<Buffer> {
  const gunzip = createGunzip()
  // Its failure is told to whoever reads what is unpacked.
  body.on('error', error => gunzip.destroy(error))
  gunzip.on('close', () => body.destroy())
  return body.pipe(gunzip)
}

function beginningOf(pieces: readonly Buffer[]): Buffer {
  const kept: Buffer[] = []
  for (let bytes = 0, index = 0; bytes < BEGINNING_BYTES && index < pieces.length; index++) {
    const piece = pieces[index] ?? Buffer.alloc(0)
    kept.push(piece)
    bytes += piece.length
  }
  return Buffer.concat(kept)
}

function flatHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ])
  return Object.fromEntries(entries) as Record<string, string>
}

/** Without the address, which may be a secret's. */
function wordsOf(error: unknown): string {
  const code = (error as { code?: unknown }).code
  switch (code) {
    case 'ECONNREFUSED':
      return 'refuses connections'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return "has a name that isn't known"
    case 'UND_ERR_CONNECT_TIMEOUT':
      return "can't be connected to in time"
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'has answered nothing for too long'
    default:
      return `can't be read (${typeof code === 'string' ? code : messageOf(error)})`
  }
}

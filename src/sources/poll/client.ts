import { lookup as systemLookup } from 'node:dns'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Agent, type Dispatcher, request } from 'undici'
import { messageOf } from '../../errors.ts'
import { Destinations, type Lookup } from './destinations.ts'
import { BEGINNING_BYTES, leadsElsewhere, PageFailure, type Why, wrongAnswer } from './failure.ts'
import { isPublicAddress } from './private.ts'

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

export type ClientOptions = {
  readonly limits?: Partial<ClientLimits>
  readonly lookup?: Lookup
  readonly isPublic?: (address: string) => boolean
}

/** Of one request. */
const REDIRECTS_MAX = 5

/** Asks an API over connections that are kept. Every wait and every size has its bound; certificates are checked. */
export class PollClient {
  readonly #limits: ClientLimits
  readonly #destinations: Destinations
  readonly #home: Agent
  readonly #away: Agent

  constructor({ url, hosts }: { readonly url: URL; readonly hosts: readonly string[] }, options: ClientOptions = {}) {
    const { limits, lookup = systemLookup, isPublic = isPublicAddress } = options
    this.#limits = { ...CLIENT_LIMITS, ...limits }
    this.#destinations = new Destinations({ home: url, hosts, lookup, isPublic })
    this.#home = agentOf(this.#limits, this.#destinations.lookupHome)
    this.#away = agentOf(this.#limits, this.#destinations.lookupAway)
  }

  /** The answer at the end of its redirects, whatever its status. Raises PageFailure. */
  async send(asked: PageRequest, signal: AbortSignal): Promise<Answer> {
    let at = asked
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#ask(at, signal)
      const { location } = answer.headers
      if (!isRedirect(answer.status) || location === undefined) return answer
      if (redirects === REDIRECTS_MAX) throw leadsElsewhere('redirects again and again')
      at = redirected(at, answer.status, location)
    }
  }

  async #ask({ url, method, headers, body }: PageRequest, signal: AbortSignal): Promise<Answer> {
    const isHome = this.#destinations.isHome(url)
    if (!isHome && body !== undefined)
      throw leadsElsewhere(`leads to another host, ${url.host}, to which nothing is posted`)
    const late = AbortSignal.timeout(this.#limits.answerMs)
    try {
      const answer = await request(url, {
        dispatcher: isHome ? this.#home : this.#away,
        method,
        // What the feed declares may be a secret, which is the declared host's alone.
        headers: { accept: 'application/json', 'accept-encoding': 'gzip', ...(isHome ? headers : {}) },
        signal: AbortSignal.any([signal, late]),
        ...(body === undefined ? {} : { body }),
      })
      const flat = flatHeaders(answer.headers)
      return { status: answer.statusCode, headers: flat, body: await this.#read(answer, flat) }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof PageFailure) throw error
      const words = `has taken longer than ${this.#limits.answerMs / 1000} s`
      const [why, reason] = late.aborted ? (['late', words] as const) : reasonOf(error)
      throw new PageFailure('SOURCE_UNREACHABLE', reason, { cause: error, why })
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#home.destroy(), this.#away.destroy()])
  }

  async #read({ body }: Dispatcher.ResponseData, headers: Answer['headers']): Promise<Buffer> {
    const { bytesMax } = this.#limits
    // One that is left in the middle fails with nobody to tell.
    body.on('error', () => undefined)
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
      if (bytes > bytesMax) throw wrongAnswer(`has more than ${bytesMax} bytes`, beginningOf(pieces), { why: 'size' })
    }
    return Buffer.concat(pieces, bytes)
  }
}

const agentOf = ({ connectMs, answerMs }: ClientLimits, lookup: Destinations['lookupHome']): Agent =>
  new Agent({
    connect: { timeout: connectMs, lookup: lookup as never },
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
    connections: 16,
    pipelining: 1,
  })

const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status)

/** What was posted is posted again, or not at all: a redirect that turns it into a GET asks something else. */
function redirected(asked: PageRequest, status: number, location: string): PageRequest {
  const url = URL.parse(location, asked.url.href)
  if (url === null || !/^https?:$/.test(url.protocol)) throw leadsElsewhere('redirects to what is no address')
  if (asked.method === 'POST' && status < 307) throw leadsElsewhere(`redirects a POST with ${status}`)
  url.username = ''
  url.password = ''
  return { ...asked, url }
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
function reasonOf(error: unknown): readonly [Why, string] {
  const code = (error as { code?: unknown }).code
  switch (code) {
    case 'ECONNREFUSED':
      return ['refused', 'refuses connections']
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return ['name', "has a name that isn't known"]
    case 'UND_ERR_CONNECT_TIMEOUT':
      return ['late', "can't be connected to in time"]
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return ['late', 'has answered nothing for too long']
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
      return ['connection', `broke the connection off (${code})`]
    default:
      if (typeof code === 'string' && /CERT|^ERR_TLS|^UNABLE_TO/.test(code))
        return ['certificate', `has a certificate that isn't trusted (${code})`]
      return ['connection', `can't be read (${typeof code === 'string' ? code : messageOf(error)})`]
  }
}

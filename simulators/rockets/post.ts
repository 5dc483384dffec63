import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'

/**
 * What became of one attempt: the answer's `outcome` where it has one, else `status-503`, `timeout`, `aborted`, or the
 * error's code, such as `ECONNRESET`. Without a status the message may have been stored all the same.
 */
export interface Answer {
  readonly status: number | null
  readonly outcome: string
}

export interface PostOptions {
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  /** False: a new TCP connection for each message, as the real program does. */
  readonly keepAlive: boolean
  readonly answerTimeoutMs: number
  readonly signal?: AbortSignal
}

export interface Poster {
  post(json: string): Promise<Answer>
  close(): void
}

const ANSWER_LENGTH_MAX = 64 * 1024

export function createPoster(options: PostOptions): Poster {
  const agent = createAgent(options.url, options.keepAlive)
  const settings = requestOptions(options, agent, 'application/json')
  return {
    post: json => attempt(options, settings, json),
    close: () => agent.destroy(),
  }
}

export function createAgent(url: URL, keepAlive: boolean): Agent {
  return url.protocol === 'https:' ? new TlsAgent({ keepAlive }) : new Agent({ keepAlive })
}

export function requestOptions(
  options: Pick<PostOptions, 'headers' | 'signal'>,
  agent: Agent,
  mediaType: string,
): RequestOptions {
  const { headers, signal } = options
  return { method: 'POST', agent, headers: { ...headers, 'content-type': mediaType }, ...(signal && { signal }) }
}

export function openRequest(url: URL, settings: RequestOptions): ReturnType<typeof request> {
  return url.protocol === 'https:' ? tlsRequest(url, settings) : request(url, settings)
}

function attempt({ url, answerTimeoutMs }: PostOptions, settings: RequestOptions, json: string): Promise<Answer> {
  return new Promise(resolve => {
    const outgoing = openRequest(url, settings)
    const timer = setTimeout(() => finish({ status: null, outcome: 'timeout' }), answerTimeoutMs)
    let finished = false
    const finish = (answer: Answer): void => {
      if (finished) return
      finished = true
      clearTimeout(timer)
      if (answer.status === null) outgoing.destroy()
      resolve(answer)
    }
    const fail = (error: unknown): void => finish({ status: null, outcome: outcomeOfError(error) })
    outgoing.on('error', fail)
    outgoing.on('response', incoming => readAnswer(incoming).then(finish, fail))
    outgoing.setHeader('content-length', Buffer.byteLength(json))
    outgoing.end(json)
  })
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const status = incoming.statusCode ?? 0
  const { outcome } = await readJson(incoming)
  return { status, outcome: isSuccess(status) && typeof outcome === 'string' ? outcome : `status-${status}` }
}

/** The answer's JSON object; an empty one for whatever else was answered, for the status says what matters. */
export async function readJson(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  incoming.setEncoding('utf8')
  for await (const chunk of incoming) if (text.length < ANSWER_LENGTH_MAX) text += chunk
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

export function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'no such host',
  timeout: 'no answer in time',
}

/** Why an attempt didn't succeed, in words; undefined where it did, and where it was ours to end it. */
export function failureOf({ status, outcome }: Answer): string | undefined {
  if (isSuccess(status) || outcome === 'aborted') return undefined
  return status === null ? (REASONS[outcome] ?? `no answer (${outcome})`) : `answered ${status}`
}

export function outcomeOfError(error: unknown): string {
  if (!(error instanceof Error)) return 'error'
  if (error.name === 'AbortError') return 'aborted'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** A client as the real program is one: whatever isn't 2xx is sent again, for ever; so is what was never answered. */
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Posting } from '../../simulators/rockets/index.ts'
import { type Attempt, type History, isAcknowledged } from './history.ts'

export type ClientOptions = {
  readonly history: History
  /** Where the next attempt goes: with several services, to any of them. */
  readonly url: () => string
  readonly keepAlive?: boolean
  readonly resendAfterMs?: number
  readonly answerTimeoutMs?: number
  /** Ends the sending, for a run that is given up. */
  readonly signal: AbortSignal
}

type Answer = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: string }

/** One sender: takes a posting, sends it until it is acknowledged (a broken one: refused), and takes the next. */
export async function sendAll(queue: Iterator<Posting>, options: ClientOptions): Promise<void> {
  const agent = options.keepAlive ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined
  try {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      while (!(await attempt(next.value, agent, options)))
        await delay(options.resendAfterMs ?? 100, undefined, { signal: options.signal })
    }
  } finally {
    agent?.destroy()
  }
}

async function attempt(posting: Posting, agent: Agent | undefined, options: ClientOptions): Promise<boolean> {
  const startedMs = performance.now()
  let noted: Attempt
  options.history.begin(posting)
  try {
    const answer = await exchange(`${options.url()}/messages`, posting.json, 'application/json', agent, options)
    noted = {
      startedMs,
      endedMs: performance.now(),
      status: answer.status,
      outcome: outcomeOf(answer.body) ?? `status ${answer.status}`,
      hasRetryAfter: answer.headers['retry-after'] !== undefined,
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    // Nobody listened: nothing was sent, so nothing is unknown.
    if (code === 'ECONNREFUSED') {
      options.history.giveUp(posting)
      return false
    }
    noted = { startedMs, endedMs: performance.now(), status: null, outcome: code, hasRetryAfter: false }
  }
  options.history.note(posting, noted)
  return isAcknowledged(noted) || (posting.kind === 'invalid' && noted.status === 400)
}

export function exchange(
  url: string,
  body: string,
  mediaType: string,
  agent: Agent | undefined,
  options: Pick<ClientOptions, 'answerTimeoutMs' | 'signal'>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'POST',
      agent: agent ?? false,
      signal: options.signal,
      headers: { 'content-type': mediaType, 'content-length': Buffer.byteLength(body) },
    })
    outgoing.setTimeout(options.answerTimeoutMs ?? 10_000, () => outgoing.destroy(new Error('no answer in time')))
    outgoing.on('error', reject)
    outgoing.on('response', incoming => {
      readText(incoming).then(
        text => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
        reject,
      )
    })
    outgoing.end(body)
  })
}

async function readText(incoming: IncomingMessage): Promise<string> {
  let text = ''
  incoming.setEncoding('utf8')
  for await (const chunk of incoming) text += chunk
  return text
}

/** The outcome of a receipt, or the type of a problem. */
export function outcomeOf(json: string): string | undefined {
  try {
    const { outcome, type } = JSON.parse(json) as { outcome?: unknown; type?: unknown }
    const told = outcome ?? type
    return typeof told === 'string' ? told : undefined
  } catch {
    return undefined
  }
}

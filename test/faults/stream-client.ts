/** A client that streams: bodies of NDJSON with a receipt for each line. What has no receipt is unknown, and sent again. */
import { request } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { Posting } from '../../simulators/rockets/index.ts'
import { type ClientOptions, outcomeOf } from './client.ts'
import type { Attempt } from './history.ts'

const BODY_EVENTS = 150

export async function streamAll(queue: Iterator<Posting>, options: ClientOptions): Promise<void> {
  for (let batch = take(queue, BODY_EVENTS); batch.length > 0; batch = take(queue, BODY_EVENTS)) {
    for (let rest: readonly Posting[] = batch; rest.length > 0; ) {
      rest = await exchangeLines(rest, options)
      if (rest.length > 0) await delay(options.resendAfterMs ?? 100, undefined, { signal: options.signal })
    }
  }
}

function take(queue: Iterator<Posting>, count: number): Posting[] {
  const taken: Posting[] = []
  while (taken.length < count) {
    const next = queue.next()
    if (next.done) break
    taken.push(next.value)
  }
  return taken
}

/** Sends the postings as one body; what must be sent again is returned. */
async function exchangeLines(postings: readonly Posting[], options: ClientOptions): Promise<readonly Posting[]> {
  const startedMs = performance.now()
  let answered = 0
  const note = (posting: Posting | undefined, attempt: Omit<Attempt, 'startedMs' | 'endedMs'>) => {
    if (posting !== undefined) options.history.note(posting, { startedMs, endedMs: performance.now(), ...attempt })
  }
  const onReceipt = (line: string) => {
    const outcome = outcomeOf(line)
    // The last line has the totals, and no outcome.
    if (outcome === undefined) return
    const posting = postings[answered++]
    // Within a stream the receipt is the answer: rejected stands for 400, conflict for 409.
    const status = outcome === 'rejected' ? 400 : outcome === 'conflict' ? 409 : 200
    note(posting, { status, outcome, hasRetryAfter: false })
  }
  for (const posting of postings) options.history.begin(posting)
  const end = await postLines(postings.map(({ json }) => `${json}\n`).join(''), onReceipt, options)
  const rest = postings.slice(answered)
  for (const posting of rest)
    if (end.outcome === 'ECONNREFUSED') options.history.giveUp(posting)
    else note(posting, end)
  return rest
}

type End = { readonly status: number | null; readonly outcome: string; readonly hasRetryAfter: boolean }

async function postLines(body: string, onReceipt: (line: string) => void, options: ClientOptions): Promise<End> {
  try {
    return await new Promise<End>((resolve, reject) => {
      const outgoing = request(`${options.url()}/messages`, {
        method: 'POST',
        agent: false,
        signal: options.signal,
        headers: { 'content-type': 'application/x-ndjson', prefer: 'return=representation' },
      })
      outgoing.setTimeout(options.answerTimeoutMs ?? 10_000, () => outgoing.destroy(new Error('no answer in time')))
      outgoing.on('error', reject)
      outgoing.on('response', incoming => {
        const status = incoming.statusCode ?? 0
        const isStream = status === 200 || status === 202
        const hasRetryAfter = incoming.headers['retry-after'] !== undefined
        incoming.on('error', reject)
        const lines = createInterface({ input: incoming })
        lines.on('line', line => isStream && onReceipt(line))
        // A refusal is of the body's first part; the others, on their way at the same time, may have been stored.
        const isOpen = isStream || ((status === 503 || status === 429) && hasRetryAfter)
        lines.on('close', () =>
          resolve({ status: isOpen ? null : status, outcome: `cut off, status ${status}`, hasRetryAfter }),
        )
      })
      outgoing.end(body)
    })
  } catch (error) {
    return { status: null, outcome: (error as NodeJS.ErrnoException).code ?? String(error), hasRetryAfter: false }
  }
}

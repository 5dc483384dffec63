import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, createPoster, failureOf, isSuccess, type Poster } from './post.ts'
import { Reporter, type SendReport } from './report.ts'
import type { Posting } from './tally.ts'

/** One attempt, told as soon as its outcome is known; for a checker that keeps a history of its own. */
export interface Attempt extends Answer {
  readonly posting: Posting
  /** From 1. */
  readonly attempt: number
}

export interface SendOptions {
  readonly url: string | URL
  /** What each sender waits for after a message. */
  readonly messageDelayMs?: number
  /** How many senders post at once; 1 unless told otherwise. */
  readonly concurrencyLevel?: number
  /** Ours, for load: connections are kept. The real program opens one for each message. */
  readonly keepAlive?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly retryAfterMs?: number
  readonly answerTimeoutMs?: number
  /**
   * Without it a message is sent until it is answered with 2xx, for ever if need be. What is broken on purpose isn't
   * sent again after its first 400, and counts as rejected: the real program, which has no such messages, would go on.
   */
  readonly maxAttempts?: number
  readonly signal?: AbortSignal
  readonly history?: (attempt: Attempt) => void
  readonly onProgress?: (report: SendReport) => void
}

type Verdict = 'acknowledged' | 'rejected' | 'abandoned' | 'again' | 'stopped'

/**
 * Posts as the real program does: each sender takes the next message, and sends it again 500 ms after anything but
 * 2xx, and after 10 s without an answer, while the others go on; that is where its disorder comes from.
 */
export async function sendPostings(postings: Iterable<Posting>, given: SendOptions): Promise<SendReport> {
  // When one sender throws (a history may), the others must not go on sending for ever behind the caller's back.
  const failed = new AbortController()
  const signal = given.signal ? AbortSignal.any([given.signal, failed.signal]) : failed.signal
  const options = { ...given, signal }
  const poster = createPoster({
    ...options,
    url: new URL(options.url),
    keepAlive: options.keepAlive ?? false,
    answerTimeoutMs: options.answerTimeoutMs ?? 10_000,
  })
  const reporter = new Reporter(options.onProgress)
  const queue = postings[Symbol.iterator]()
  const senders = Array.from({ length: options.concurrencyLevel ?? 1 }, () => sender(queue, poster, options, reporter))
  try {
    reporter.counts.finished = (await Promise.all(senders)).every(done => done)
  } finally {
    failed.abort()
    queue.return?.()
    poster.close()
  }
  return reporter.report()
}

/** True when nothing is left to send, false when the signal came first. */
async function sender(
  queue: Iterator<Posting>,
  poster: Poster,
  options: SendOptions,
  reporter: Reporter,
): Promise<boolean> {
  const delayMs = options.messageDelayMs ?? 0
  while (!options.signal?.aborted) {
    const next = queue.next()
    if (next.done) return true
    reporter.counts.sent += 1
    if ((await deliver(next.value, poster, options, reporter)) === 'stopped') return false
    reporter.tell()
    if (delayMs > 0 && !(await pause(delayMs, options.signal))) return false
  }
  return false
}

async function deliver(posting: Posting, poster: Poster, options: SendOptions, reporter: Reporter): Promise<Verdict> {
  for (let attempt = 1; ; attempt++) {
    const answer = await poster.post(posting.json)
    reporter.outcome(answer.outcome)
    options.history?.({ posting, attempt, ...answer })
    const verdict = judge(posting, attempt, answer, options)
    if (verdict !== 'rejected') reporter.counts.lastFailure = failureOf(answer) ?? reporter.counts.lastFailure
    if (verdict !== 'again') {
      if (verdict !== 'stopped') reporter.counts[verdict] += 1
      if (verdict === 'acknowledged' && posting.kind === 'invalid') reporter.counts.invalidAcknowledged += 1
      return verdict
    }
    reporter.tell()
    if (!(await pause(options.retryAfterMs ?? 500, options.signal))) return 'stopped'
    reporter.counts.retried += 1
  }
}

function judge(posting: Posting, attempt: number, answer: Answer, options: SendOptions): Verdict {
  if (isSuccess(answer.status)) return 'acknowledged'
  if (posting.kind === 'invalid' && answer.status === 400) return 'rejected'
  if (options.signal?.aborted) return 'stopped'
  return attempt >= (options.maxAttempts ?? Number.POSITIVE_INFINITY) ? 'abandoned' : 'again'
}

/** False when the signal came before the time was over. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await wait(ms, undefined, signal && { signal })
    return true
  } catch {
    return false
  }
}

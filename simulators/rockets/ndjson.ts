import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GroundstationError, messageOf } from '../../src/errors.ts'
import { createAgent, isSuccess, openRequest, outcomeOfError, readJson, requestOptions } from './post.ts'
import { Reporter, type SendReport } from './report.ts'
import type { SendOptions } from './send.ts'
import type { Posting } from './tally.ts'

const CHUNK_LENGTH = 64 * 1024
/** Nothing moves for so long, neither a byte of ours nor one of theirs: longer than any commit that is still alive. */
const IDLE_MS = 120_000

interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

/**
 * Everything as one streamed body; with a concurrency level, as so many at once. A body that breaks off can't be
 * taken up again: run the seed once more, for what is stored already is a duplicate then.
 */
export async function sendNdjson(postings: Iterable<Posting>, options: SendOptions): Promise<SendReport> {
  const reporter = new Reporter(options.onProgress)
  const queue = postings[Symbol.iterator]()
  const bodies = Array.from({ length: options.concurrencyLevel ?? 1 }, () =>
    exchange(Readable.from(chunksOf(queue, reporter)), options),
  )
  try {
    for (const reply of await Promise.all(bodies)) count(reply, reporter)
    reporter.counts.finished = true
  } catch (error) {
    if (!options.signal?.aborted) throw error
  } finally {
    queue.return?.()
  }
  return reporter.report()
}

function* chunksOf(queue: Iterator<Posting>, reporter: Reporter): Generator<Buffer, void, undefined> {
  let chunk = ''
  for (let next = queue.next(); !next.done; next = queue.next()) {
    chunk += `${next.value.json}\n`
    reporter.counts.sent += 1
    if (chunk.length < CHUNK_LENGTH) continue
    yield Buffer.from(chunk)
    chunk = ''
    reporter.tell()
  }
  if (chunk !== '') yield Buffer.from(chunk)
}

async function exchange(body: Readable, options: SendOptions): Promise<Reply> {
  const url = new URL(options.url)
  const agent = createAgent(url, false)
  const outgoing = openRequest(url, requestOptions(options, agent, 'application/x-ndjson'))
  outgoing.setTimeout(IDLE_MS, () => outgoing.destroy(new Error(`Nothing moved for ${IDLE_MS / 1_000} s.`)))
  const reply = new Promise<Reply>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', incoming => {
      readJson(incoming).then(answer => resolve({ status: incoming.statusCode ?? 0, body: answer }), reject)
    })
  })
  // A refusal may come while the body is on its way; then the answer says more than the write that failed.
  const written = pipeline(body, outgoing).then(
    () => true,
    () => false,
  )
  try {
    const answer = await reply
    if (!isSuccess(answer.status)) throw refusal(url, answer.status)
    if (!(await written)) throw new Error('answered before everything was sent')
    return answer
  } catch (error) {
    throw error instanceof GroundstationError ? error : broken(url, error)
  } finally {
    body.destroy()
    outgoing.destroy()
    agent.destroy()
  }
}

function refusal(url: URL, status: number): GroundstationError {
  const busy = status === 429 || status === 503
  return new GroundstationError(busy ? 'BUSY' : 'REQUEST_INVALID', `${url.href} answered ${status} to the stream.`)
}

function broken(url: URL, error: unknown): GroundstationError {
  const refused = outcomeOfError(error) === 'ECONNREFUSED'
  return refused
    ? new GroundstationError('STORE_UNREACHABLE', `Nothing listens at ${url.href}.`, { cause: error })
    : new GroundstationError('OUTCOME_UNKNOWN', `The stream to ${url.href} broke: ${messageOf(error)}`, {
        cause: error,
      })
}

function count({ body }: Reply, reporter: Reporter): void {
  for (const [outcome, times] of Object.entries(body)) {
    if (typeof times !== 'number') continue
    reporter.outcome(outcome, times)
    if (outcome === 'rejected') reporter.counts.rejected += times
    else if (outcome !== 'conflict') reporter.counts.acknowledged += times
  }
}

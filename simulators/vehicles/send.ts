import { setTimeout as wait } from 'node:timers/promises'
import { GroundstationError } from '../../src/errors.ts'
import { type DetectionProducer, openProducer } from './client.ts'
import { take } from './list.ts'
import { due, msUntilDue } from './pace.ts'

export type SendOptions = {
  readonly brokers: readonly string[]
  readonly topic: string
  /** A second; 0 is as fast as it goes. */
  readonly rate: number
  readonly maxMessages?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((report: SendReport) => void) | undefined
}

export type SendReport = {
  readonly sent: number
  /** What is more in `sent` was under way when the end came: it may be in the topic or not. */
  readonly acknowledged: number
  readonly seconds: number
  /** False when the signal came first. */
  readonly finished: boolean
}

/** What is under way at the signal has so long to be acknowledged. */
const FLUSH_MS = 5_000

/**
 * Produces one batch after another, so that they stay in the order given. When the signal ends it early, the report says
 * so instead of an exception.
 */
export async function sendDetections(detections: Iterable<string>, options: SendOptions): Promise<SendReport> {
  const { brokers, topic, signal } = options
  const producer = await openProducer(brokers, topic)
  const flushed = closeAfter(producer, signal)
  try {
    return await run(detections[Symbol.iterator](), producer, options)
  } finally {
    flushed()
    await producer.close()
  }
}

async function run(queue: Iterator<string>, producer: DetectionProducer, options: SendOptions): Promise<SendReport> {
  const { rate, signal, onProgress, maxMessages = Number.POSITIVE_INFINITY } = options
  const startMs = performance.now()
  const elapsedMs = () => performance.now() - startMs
  let sent = 0
  let acknowledged = 0
  const report = (finished: boolean) => ({ sent, acknowledged, seconds: elapsedMs() / 1_000, finished })
  while (!signal?.aborted) {
    const count = Math.min(maxMessages - sent, due(rate, elapsedMs(), sent))
    if (count === 0 && sent < maxMessages) {
      await pause(msUntilDue(rate, elapsedMs(), sent), signal)
      continue
    }
    const batch = take(queue, count)
    if (batch.length === 0) return report(true)
    sent += batch.length
    try {
      await producer.send(batch)
    } catch (error) {
      if (signal?.aborted) break
      throw after(acknowledged, error)
    }
    acknowledged += batch.length
    onProgress?.(report(false))
  }
  return report(acknowledged === maxMessages)
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(ms, undefined, signal && { signal }).catch(() => undefined)
}

/** Gives up what is under way some time after the signal; the call that is returned takes that back. */
function closeAfter(producer: DetectionProducer, signal: AbortSignal | undefined): () => void {
  let timer: NodeJS.Timeout | undefined
  const begin = () => {
    timer = setTimeout(() => producer.close(), FLUSH_MS)
  }
  signal?.addEventListener('abort', begin, { once: true })
  return () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', begin)
  }
}

function after(acknowledged: number, error: unknown): unknown {
  if (!(error instanceof GroundstationError)) return error
  return new GroundstationError(error.code, `${error.message} (${acknowledged} were acknowledged before)`, {
    cause: error,
  })
}

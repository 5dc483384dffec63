import type { FastifyReply, FastifyRequest } from 'fastify'
import { wholeNumber } from '../parameters.ts'
import type { LiveLog } from './log.ts'
import { HEARTBEAT, placeText, textOf } from './message.ts'

export type Following = {
  readonly stopping: AbortSignal
  /** Whether who asked may still read: a token ends, and what it opened ends with it. */
  readonly isWelcome?: (() => Promise<boolean>) | undefined
  readonly heartbeatMs: number
  readonly stuckMsMax: number
  /** After so many messages the answer ends; never without it. */
  readonly limit: number | undefined
  readonly endsAfterMs: number | undefined
}

const RECONNECT_MS = 1_000

export const LIVE_PARAMETERS = ['limit', 'seconds'] as const

/** `limit` and `seconds`: for who looks for a moment, such as the page at /docs, which can't show what never ends. */
export function endOf({
  limit,
  seconds,
}: {
  limit?: string
  seconds?: string
}): Pick<Following, 'limit' | 'endsAfterMs'> {
  return {
    limit: limit === undefined ? undefined : wholeNumber('limit', limit, 1),
    endsAfterMs: seconds === undefined ? undefined : wholeNumber('seconds', seconds, 1, 86_400) * 1_000,
  }
}

/** Sends what a log has and will have, from where the client was, until it leaves. */
export async function follow<Place>(
  request: FastifyRequest,
  reply: FastifyReply,
  log: LiveLog<Place>,
  following: Following,
): Promise<void> {
  const given = request.headers['last-event-id']
  const { place, isReset } = await log.start(typeof given === 'string' ? given : undefined)
  reply.hijack()
  const line = new Line(reply, following)
  const leave = log.join()
  try {
    const id = log.idOf(place)
    await line.write(`retry: ${RECONNECT_MS}\n${isReset ? textOf({ id, event: 'reset', data: '{}' }) : placeText(id)}`)
    await send(log, line, place)
  } catch {
    // The database can't be asked, which the health check tells. The client comes back with where it was.
  } finally {
    leave()
    line.end()
  }
}

async function send<Place>(log: LiveLog<Place>, line: Line, from: Place): Promise<void> {
  let place = from
  while (!line.isOver) {
    // Asked for before the look, so that what comes in between isn't missed.
    const changed = log.changed()
    const chunk = await log.after(place)
    if (chunk === undefined) await Promise.race([changed, line.over])
    else if (chunk === 'lost') {
      const start = await log.start(undefined)
      place = start.place
      await line.write(textOf({ id: log.idOf(place), event: 'reset', data: '{}' }))
    } else {
      await line.write(chunk.bytes, chunk.count)
      place = chunk.next
    }
  }
}

/** The way to one client: written to as fast as it takes. */
class Line {
  readonly #response: FastifyReply['raw']
  readonly #timers: NodeJS.Timeout[]
  readonly #over = Promise.withResolvers<void>()
  readonly #stopping: AbortSignal
  readonly #isWelcome: Following['isWelcome']
  readonly #stuckMsMax: number
  readonly #stop = () => this.#finish()
  #left: number
  isOver = false

  constructor(reply: FastifyReply, following: Following) {
    const { stopping, limit, endsAfterMs } = following
    const response = reply.raw
    this.#response = response
    this.#left = limit ?? Number.POSITIVE_INFINITY
    this.#stopping = stopping
    this.#isWelcome = following.isWelcome
    this.#stuckMsMax = following.stuckMsMax
    stopping.addEventListener('abort', this.#stop, { once: true })
    response.on('close', this.#stop)
    response.on('error', this.#stop)
    response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream',
      // Proxies must hand on what comes when it comes.
      'x-accel-buffering': 'no',
    })
    this.#timers = [setInterval(() => this.#beat(), following.heartbeatMs)]
    if (endsAfterMs !== undefined) this.#timers.push(setTimeout(this.#stop, endsAfterMs))
    if (stopping.aborted || response.destroyed) this.#finish()
  }

  /** Resolves when nothing more is to be sent. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  async write(bytes: string | Buffer, count = 0): Promise<void> {
    if (this.isOver) return
    const fitting = count > this.#left ? firstOf(bytes, this.#left) : bytes
    this.#left -= count
    const isTaken = this.#response.write(fitting)
    if (this.#left <= 0) this.#finish()
    else if (!isTaken) await this.#drained()
  }

  end(): void {
    this.#finish()
    this.#response.end()
  }

  async #drained(): Promise<void> {
    const drained = Promise.withResolvers<void>()
    this.#response.once('drain', drained.resolve)
    const timer = setTimeout(() => this.#response.destroy(), this.#stuckMsMax)
    await Promise.race([drained.promise, this.over])
    clearTimeout(timer)
    this.#response.off('drain', drained.resolve)
  }

  #beat(): void {
    if (!this.#response.writableNeedDrain) this.#response.write(HEARTBEAT)
    void this.#isWelcome?.().then(isWelcome => isWelcome || this.#finish())
  }

  #finish(): void {
    if (this.isOver) return
    this.isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#stopping.removeEventListener('abort', this.#stop)
    this.#over.resolve()
  }
}

/** The first messages of several: each ends in an empty line. */
function firstOf(bytes: string | Buffer, count: number): string {
  const messages = bytes.toString('utf8').split('\n\n')
  return `${messages.slice(0, count).join('\n\n')}\n\n`
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../../errors.ts'
import { isOurFault } from '../../sources/http/problem.ts'
import type { Log } from '../errors.ts'
import { wholeNumber } from '../parameters.ts'
import type { LiveLog } from './log.ts'
import { placeText, textOf } from './message.ts'

export type Following = {
  readonly log: Log
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
  const at = { place }
  reply.hijack()
  const line = new Line(reply, following, () => placeText(log.idOf(at.place)))
  const leave = log.join()
  try {
    const id = log.idOf(place)
    await line.write(`retry: ${RECONNECT_MS}\n${isReset ? textOf({ id, event: 'reset', data: '{}' }) : placeText(id)}`)
    await send(log, line, at)
  } catch (error) {
    // Mostly the database can't be asked, which the health check tells. The client comes back with where it was.
    if (isOurFault(error)) following.log.error({ err: error, url: request.routeOptions.url }, messageOf(error))
  } finally {
    leave()
    line.end()
  }
}

async function send<Place>(log: LiveLog<Place>, line: Line, at: { place: Place }): Promise<void> {
  while (!line.isOver) {
    // Asked for before the look, so that what comes in between isn't missed.
    const changed = log.changed()
    const chunk = await log.after(at.place)
    if (chunk === undefined) await line.until(changed)
    else if (chunk === 'lost') {
      at.place = (await log.start(undefined)).place
      await line.write(textOf({ id: log.idOf(at.place), event: 'reset', data: '{}' }))
    } else {
      await line.write(chunk.bytes, chunk.count)
      at.place = chunk.next
    }
  }
}

/** The way to one client: written to as fast as it takes. */
class Line {
  readonly #response: FastifyReply['raw']
  readonly #timers: NodeJS.Timeout[]
  #onOver: () => void = () => undefined
  readonly #stopping: AbortSignal
  readonly #isWelcome: Following['isWelcome']
  readonly #stuckMsMax: number
  readonly #stop = () => this.#finish()
  #left: number
  isOver = false

  /** `beat`: what is sent now and then, so that nothing between closes the connection and who has left is found out. */
  constructor(reply: FastifyReply, following: Following, beat: () => string) {
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
    this.#timers = [setInterval(() => this.#beat(beat), following.heartbeatMs)]
    if (endsAfterMs !== undefined) this.#timers.push(setTimeout(this.#stop, endsAfterMs))
    if (stopping.aborted || response.destroyed) this.#finish()
  }

  /**
   * Resolves with the promise, or when nothing more is to be sent. One wait at a time, and nothing of it stays with what
   * lives as long as the line: there may be twenty a second, for days.
   */
  until(promise: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onOver = resolve
      if (this.isOver) resolve()
      promise.then(resolve, reject)
    })
  }

  async write(bytes: string | Buffer, count = 0): Promise<void> {
    if (this.isOver || bytes.length === 0) return
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
    await this.until(drained.promise)
    clearTimeout(timer)
    this.#response.off('drain', drained.resolve)
  }

  #beat(beat: () => string): void {
    if (!this.#response.writableNeedDrain) this.#response.write(beat())
    void this.#isWelcome?.().then(isWelcome => isWelcome || this.#finish())
  }

  #finish(): void {
    if (this.isOver) return
    this.isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#stopping.removeEventListener('abort', this.#stop)
    this.#onOver()
  }
}

/** The first messages of several: each ends in an empty line. */
function firstOf(bytes: string | Buffer, count: number): string {
  const messages = bytes.toString('utf8').split('\n\n')
  return `${messages.slice(0, count).join('\n\n')}\n\n`
}

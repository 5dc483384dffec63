/** A client of a stream that leaves and comes back as chance has it, now and then reads slowly, and keeps all that it is told. */
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../simulators/rockets/random.ts'

export type Heard = { readonly id: string; readonly event: string; readonly data: string }

export type ListenerOptions = {
  readonly path: string
  readonly random: Random
  /** Any of them is asked, each time. */
  readonly services: readonly { readonly url: string }[]
  readonly lastId?: string
  /** Now and then it comes back as if it had never been there. */
  readonly forgets?: boolean
}

const REST_MS_MAX = 30
const SILENCE_MS_MAX = 10_000

export class Listener {
  readonly path: string
  /** What it was told since it last forgot; the first began before the load. */
  readonly heard: Heard[][] = [[]]
  connections = 0
  readonly #options: ListenerOptions
  #lastId: string | undefined
  #leaving = new AbortController()
  #isOver = false

  constructor(options: ListenerOptions) {
    this.#options = options
    this.path = options.path
    this.#lastId = options.lastId
  }

  get lastId(): string | undefined {
    return this.#lastId
  }

  /** Connects again and again until `stop`. */
  async run(): Promise<void> {
    const { random, services } = this.#options
    while (!this.#isOver) {
      if (this.#options.forgets === true && this.connections > 0 && random.chance(0.3)) {
        this.#lastId = undefined
        this.heard.push([])
      }
      const url = services[random.below(services.length)]?.url ?? ''
      // Most leave soon or in the middle of what is told at once, some stay.
      const most = random.chance(0.2) ? Number.POSITIVE_INFINITY : 1 + random.below(random.chance(0.5) ? 6 : 60)
      await this.#listen(`${url}${this.path}`, most).catch(() => undefined)
      await delay(random.below(REST_MS_MAX))
    }
  }

  stop(): void {
    this.#isOver = true
    this.#leaving.abort()
  }

  async #listen(url: string, most: number): Promise<void> {
    this.#leaving = new AbortController()
    if (this.#isOver) return
    const response = await open(url, this.#lastId, this.#leaving.signal)
    if (response.statusCode !== 200) {
      response.destroy()
      return
    }
    this.connections++
    const slowMs = this.#options.random.chance(0.2) ? 1 + this.#options.random.below(20) : 0
    let left = most
    let rest = ''
    response.setEncoding('utf8')
    for await (const text of response as AsyncIterable<string>) {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        this.#take(block)
        if (--left === 0) return void response.destroy()
      }
      if (slowMs > 0) await delay(slowMs)
    }
  }

  /** A message, or only a place. */
  #take(block: string): void {
    const fields = new Map<string, string>()
    for (const line of block.split('\n')) {
      const colon = line.indexOf(': ')
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2))
    }
    const id = fields.get('id')
    if (id !== undefined) this.#lastId = id
    const data = fields.get('data')
    if (data !== undefined) this.heard.at(-1)?.push({ id: id ?? '', event: fields.get('event') ?? '', data })
  }
}

function open(url: string, lastId: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) }
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, signal, agent: false }, resolve)
    // A process that was killed closes its connections; one that is stopped where it is doesn't.
    request.setTimeout(SILENCE_MS_MAX, () => request.destroy(new Error('silent')))
    request.on('error', reject)
  })
}

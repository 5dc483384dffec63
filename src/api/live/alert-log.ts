import { ALERTS_BYTES_MAX, findStream, listAlerts, type StoredAlert } from '../../store/read/alerts.ts'
import type { Query } from '../../store/read/query.ts'
import type { Chunk, LiveLog, Start } from './log.ts'
import { textOf } from './message.ts'

const PAGE = 500
/** What is kept for those who are a little behind; others read the database. */
const RECENT_MAX = 5_000
const RECENT_BYTES_MAX = 8 * 1024 * 1024
/** Of those who follow most are at the same few places; whoever is elsewhere gets a chunk of its own. */
const CHUNKS_MAX = 16
/** Looked at so often, whatever is told meanwhile. */
const LOOK_MS = 1_000
/** The more who follow, the more goes out at once: a millisecond for so many. */
const FOLLOWERS_PER_MS = 20

type Recent = { readonly id: number; readonly bytes: Buffer }

/** One stream of alerts in this process: read once from the database, however many follow it. */
export class AlertLog implements LiveLog<number> {
  readonly #query: Query
  readonly #stream: string
  readonly #log: (message: string) => void
  #recent: Recent[] = []
  #recentBytes = 0
  #last: number | undefined
  #followers = 0
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #isAskedAgain = false
  #changed = Promise.withResolvers<void>()
  /** What is being read or was just read from here, so that many who come at once read it once. */
  readonly #pages = new Map<number, Promise<Chunk<number> | 'lost' | undefined>>()
  readonly #chunks = new Map<number, Chunk<number>>()

  constructor(query: Query, stream: string, log: (message: string) => void) {
    this.#query = query
    this.#stream = stream
    this.#log = log
  }

  idOf(place: number): string {
    return String(place)
  }

  changed(): Promise<void> {
    return this.#changed.promise
  }

  async start(lastEventId: string | undefined): Promise<Start<number>> {
    const { first, last } = await findStream(this.#query, this.#stream)
    if (lastEventId === undefined) return { place: last, isReset: false }
    const place = /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : Number.NaN
    return place >= first - 1 && place <= last ? { place, isReset: false } : { place: last, isReset: true }
  }

  join(): () => void {
    this.#followers++
    this.#timer ??= setInterval(() => this.wake(), LOOK_MS).unref()
    this.wake()
    return () => {
      if (--this.#followers > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
      this.#forget()
    }
  }

  /** There may be more: looks, once at a time. */
  wake(): void {
    if (this.#followers === 0) return
    if (this.#looking !== undefined) {
      this.#isAskedAgain = true
      return
    }
    this.#looking = this.#look()
      .catch(error => {
        // The next look says whether it is over; clients wait, and lose nothing.
        this.#log(`the stream ${this.#stream} can't be read: ${error instanceof Error ? error.message : ''}`)
      })
      .finally(() => {
        this.#looking = undefined
        if (this.#isAskedAgain) {
          this.#isAskedAgain = false
          this.wake()
        }
      })
  }

  async after(place: number): Promise<Chunk<number> | 'lost' | undefined> {
    if (this.#last === undefined || place >= this.#last) return undefined
    const [oldest] = this.#recent
    if (oldest === undefined || oldest.id > place + 1) return this.#page(place)
    const known = this.#chunks.get(place)
    if (known !== undefined) return known
    const chunk = this.#cut(place, place + 1 - oldest.id)
    if (this.#chunks.size >= CHUNKS_MAX) this.#chunks.clear()
    this.#chunks.set(place, chunk)
    return chunk
  }

  /** What is kept from an index on, as much as goes out together. */
  #cut(place: number, first: number): Chunk<number> {
    const taken: Buffer[] = []
    let length = 0
    for (let index = first; taken.length < PAGE && length < ALERTS_BYTES_MAX; index++) {
      const bytes = this.#recent[index]?.bytes
      if (bytes === undefined) break
      taken.push(bytes)
      length += bytes.length
    }
    return { bytes: Buffer.concat(taken), next: place + taken.length, count: taken.length }
  }

  async #look(): Promise<void> {
    if (this.#last === undefined) {
      this.#last = (await findStream(this.#query, this.#stream)).last
      this.#tell()
    }
    for (;;) {
      const alerts = await listAlerts(this.#query, this.#stream, this.#last, PAGE)
      const last = alerts.at(-1)
      if (last === undefined) return
      for (const alert of alerts) this.#keep(alert)
      this.#last = last.id
      this.#tell()
      const pauseMs = Math.floor(this.#followers / FOLLOWERS_PER_MS)
      if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }

  #keep(alert: StoredAlert): void {
    const bytes = bytesOf(alert)
    this.#recent.push({ id: alert.id, bytes })
    this.#recentBytes += bytes.length
    while (this.#recent.length > RECENT_MAX || this.#recentBytes > RECENT_BYTES_MAX)
      this.#recentBytes -= this.#recent.shift()?.bytes.length ?? 0
  }

  #tell(): void {
    this.#chunks.clear()
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers()
    resolve()
  }

  #page(place: number): Promise<Chunk<number> | 'lost' | undefined> {
    const known = this.#pages.get(place)
    if (known !== undefined) return known
    const page = this.#readPage(place).finally(() => this.#pages.delete(place))
    this.#pages.set(place, page)
    return page
  }

  async #readPage(place: number): Promise<Chunk<number> | 'lost' | undefined> {
    const alerts = await listAlerts(this.#query, this.#stream, place, PAGE)
    const last = alerts.at(-1)
    if (last === undefined) return 'lost'
    // Ids have no gaps: where the next is missing, it was forgotten.
    if (alerts[0]?.id !== place + 1) return 'lost'
    return { bytes: Buffer.concat(alerts.map(bytesOf)), next: last.id, count: alerts.length }
  }

  #forget(): void {
    this.#recent = []
    this.#recentBytes = 0
    this.#last = undefined
    this.#chunks.clear()
  }
}

const bytesOf = ({ id, data }: StoredAlert): Buffer => Buffer.from(textOf({ id: String(id), event: 'alert', data }))

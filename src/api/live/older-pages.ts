import type { ChangeReader } from '../../engine/contract.ts'
import { type Entry, entryOf } from './lane-tail.ts'

export type PageSizes = {
  /** Positions of a page. Pages begin at the same places for everybody, so that many who are behind read each once. */
  readonly olderPage: number
  readonly olderBytes: number
}

/** What has left the lanes' tails, read again for who is behind: one page at a time, the last ones kept. */
export class OlderPages {
  readonly #reader: ChangeReader
  readonly #sizes: PageSizes
  readonly #kept = new Map<string, readonly Entry[]>()
  readonly #pending = new Map<string, Promise<readonly Entry[]>>()
  #bytes = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(reader: ChangeReader, sizes: PageSizes) {
    this.#reader = reader
    this.#sizes = sizes
  }

  /** What follows a position, up to the end of its page; the lane goes on to `end` at least. `lost` where it has a gap. */
  async after(lane: number, position: number, end: number): Promise<readonly Entry[] | 'lost'> {
    const { olderPage } = this.#sizes
    const first = position - (position % olderPage)
    const entries = await this.#page(lane, first, Math.min(first + olderPage, end))
    const found = entries.filter(entry => entry.position > position)
    return found[0]?.position === position + 1 ? found : 'lost'
  }

  forget(): void {
    this.#kept.clear()
    this.#bytes = 0
  }

  #page(lane: number, after: number, upTo: number): Promise<readonly Entry[]> {
    const name = `${lane} ${after} ${upTo}`
    const kept = this.#kept.get(name)
    if (kept !== undefined) return Promise.resolve(kept)
    const known = this.#pending.get(name)
    if (known !== undefined) return known
    const page = this.#last.then(() => this.#read(lane, after, upTo)).finally(() => this.#pending.delete(name))
    this.#last = page.catch(() => undefined)
    this.#pending.set(name, page)
    return page.then(entries => {
      this.#keep(name, entries)
      return entries
    })
  }

  async #read(lane: number, after: number, upTo: number): Promise<readonly Entry[]> {
    const entries: Entry[] = []
    for (let from = after; from < upTo; ) {
      const changes = await this.#reader.read([{ lane, after: from, upTo }])
      if (changes[0]?.position !== from + 1) break
      for (const change of changes) if (change.position === ++from) entries.push(entryOf(change))
    }
    return entries
  }

  #keep(name: string, entries: readonly Entry[]): void {
    if (this.#kept.has(name)) return
    this.#kept.set(name, entries)
    this.#bytes += bytesOf(entries)
    for (const [oldest, dropped] of this.#kept) {
      if (this.#bytes <= this.#sizes.olderBytes) break
      this.#kept.delete(oldest)
      this.#bytes -= bytesOf(dropped)
    }
  }
}

const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, { bytes }) => sum + bytes.length, 0)

/**
 * Cuts a stream of bytes into events, each as the bytes that came: nothing is parsed, re-serialised or dropped.
 * Whatever isn't an event becomes an item as well, one that fails as JSON later and is then told by name. The items don't
 * depend on how the bytes were cut into chunks, and memory holds one event at most, however long the stream is.
 */
import type { SplitItem, SplitMode } from './split/item.ts'
import { JsonSplitter } from './split/json.ts'
import { LineSplitter } from './split/lines.ts'

export { detect } from './split/detect.ts'
export type { SplitItem, SplitMode } from './split/item.ts'

export type SplitOptions = { readonly maxEventBytes: number; readonly mode: SplitMode }

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

export class Splitter {
  readonly #splitter: LineSplitter | JsonSplitter
  /** The stream's first bytes, as long as they may be a byte order mark; undefined from then on. */
  #first: Buffer | undefined = Buffer.alloc(0)

  constructor({ maxEventBytes, mode }: SplitOptions) {
    this.#splitter = mode === 'lines' ? new LineSplitter(maxEventBytes) : new JsonSplitter(maxEventBytes)
  }

  /** The items that end within this chunk. The chunk belongs to the splitter from now on: items are slices of it. */
  push(chunk: Buffer): SplitItem[] {
    const items: SplitItem[] = []
    if (this.#first === undefined) {
      this.#splitter.push(chunk, items)
      return items
    }
    const first = this.#first.length === 0 ? chunk : Buffer.concat([this.#first, chunk])
    if (first.length < BYTE_ORDER_MARK.length && BYTE_ORDER_MARK.indexOf(first) === 0) {
      this.#first = first
      return items
    }
    this.#first = undefined
    this.#splitter.push(startsWithMark(first) ? first.subarray(BYTE_ORDER_MARK.length) : first, items)
    return items
  }

  /** What is left when the stream has ended. */
  end(): SplitItem[] {
    const items: SplitItem[] = []
    if (this.#first !== undefined) this.#splitter.push(this.#first, items)
    this.#first = undefined
    this.#splitter.end(items)
    return items
  }
}

const startsWithMark = (bytes: Buffer) => bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)

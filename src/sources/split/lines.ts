import { Gather, isSpace, itemOf } from './gather.ts'
import type { SplitItem } from './item.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** NDJSON: an event a line, which ends in \n or \r\n; blank lines are none. */
export class LineSplitter {
  readonly #maxBytes: number
  /** A line whose end hasn't come yet. */
  readonly #line: Gather
  #lastByte: number | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    // One more than an event, for the \r that isn't part of it.
    this.#line = new Gather(maxBytes + 1)
  }

  push(chunk: Buffer, items: SplitItem[]): void {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      if (this.#line.length > 0) this.#endLine(chunk.subarray(start, end), items)
      else emit(chunk, start, end, this.#maxBytes, items)
      start = end + 1
    }
    if (start < chunk.length) this.#add(start === 0 ? chunk : chunk.subarray(start))
  }

  end(items: SplitItem[]): void {
    if (this.#line.length > 0) this.#endLine(Buffer.alloc(0), items)
  }

  #add(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#line.add(bytes)
    this.#lastByte = bytes[bytes.length - 1]
  }

  #endLine(bytes: Buffer, items: SplitItem[]): void {
    this.#add(bytes)
    const length = this.#line.length - (this.#lastByte === CARRIAGE_RETURN ? 1 : 0)
    if (length > this.#maxBytes) {
      this.#line.take()
      items.push({ tooLarge: true, bytes: length })
      return
    }
    const item = this.#line.take()
    if (!item.tooLarge) emit(item.bytes, 0, item.bytes.length, this.#maxBytes, items)
  }
}

function emit(chunk: Buffer, start: number, lineEnd: number, maxBytes: number, items: SplitItem[]): void {
  const end = lineEnd > start && chunk[lineEnd - 1] === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd
  if (end - start <= maxBytes && isBlank(chunk, start, end)) return
  items.push(itemOf(chunk.subarray(start, end), end - start, maxBytes))
}

function isBlank(chunk: Buffer, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if (!isSpace(chunk[index])) return false
  return true
}

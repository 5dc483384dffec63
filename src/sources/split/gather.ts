import type { SplitItem } from './item.ts'

/** The bytes of an event that goes over several chunks: counted all, kept up to the limit. */
export class Gather {
  readonly #maxBytes: number
  #parts: Buffer[] = []
  #kept = 0
  /** How many bytes were added. */
  length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(bytes: Buffer): void {
    this.length += bytes.length
    const room = this.#maxBytes - this.#kept
    if (room <= 0 || bytes.length === 0) return
    const part = bytes.length <= room ? bytes : bytes.subarray(0, room)
    this.#parts.push(part)
    this.#kept += part.length
  }

  /** Puts bytes before what was added. */
  prefix(bytes: Buffer): void {
    this.length += bytes.length
    this.#kept += bytes.length
    this.#parts.unshift(bytes)
  }

  /** The first `length` bytes as an item; begins anew. */
  take(length = this.length): SplitItem {
    const [first] = this.#parts
    const bytes = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts)
    this.#parts = []
    this.#kept = 0
    this.length = 0
    return itemOf(bytes, length, this.#maxBytes)
  }
}

/** The first `length` bytes, or how many they are where that is too many. */
export function itemOf(bytes: Buffer, length: number, maxBytes: number): SplitItem {
  if (length > maxBytes) return { tooLarge: true, bytes: length }
  return { bytes: bytes.length === length ? bytes : bytes.subarray(0, length) }
}

/** Space, tab, line feed, carriage return: what JSON takes for white space. */
export const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

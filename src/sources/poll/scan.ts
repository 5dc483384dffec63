import { isSpace } from '../split/gather.ts'
import { garbled } from './failure.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
export const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
export const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

const NEAR = 64

/** Goes over a page's bytes value by value. What it passes over is checked no further than its brackets. */
export class Scan {
  readonly #page: Buffer
  /** A name with its quotes. */
  readonly #name: Buffer | undefined
  at = 0
  /** Of each element, where the value of the name begins; 0 where it has none, or may have one that is spelled otherwise. */
  readonly named: number[] = []
  #named = 0

  constructor(page: Buffer, name?: string) {
    this.#page = page
    this.#name = name === undefined ? undefined : Buffer.from(JSON.stringify(name))
    if (page.length >= 3 && page.readUIntBE(0, 3) === 0xefbbbf) this.at = 3
  }

  /** Goes to the next byte that isn't white space. */
  space(): number {
    while (isSpace(this.#page[this.at])) this.at++
    return this.at
  }

  /** Goes to the value of a name in the object that is here; false where there is none. */
  enter(name: string): boolean {
    if (this.#page[this.space()] !== OPEN_OBJECT) return false
    this.at++
    while (this.#page[this.space()] === QUOTE) {
      const key = this.value()
      if (this.#page[this.space()] !== COLON) return false
      this.at++
      if (isName(key, name)) return true
      this.value()
      if (this.#page[this.space()] !== COMMA) return false
      this.at++
    }
    return false
  }

  /** The elements of the list that is here. */
  elements(): Buffer[] {
    const found: Buffer[] = []
    this.at++
    if (this.#page[this.space()] === CLOSE_ARRAY) {
      this.at++
      return found
    }
    for (;;) {
      this.space()
      found.push(this.#element())
      const next = this.#page[this.space()]
      this.at++
      if (next === CLOSE_ARRAY) return found
      if (next !== COMMA) throw this.#broken()
    }
  }

  #element(): Buffer {
    this.#named = 0
    const element = this.value(this.#name)
    // A name may be spelled with escapes.
    this.named.push(element.includes(BACKSLASH) ? 0 : this.#named)
    return element
  }

  /** The bytes of the value that is here. On the way, a name of its own is noted: the last of several, as JSON.parse has it. */
  value(name?: Buffer): Buffer {
    const start = this.at
    let depth = 0
    do {
      const byte = this.#page[this.at]
      if (byte === QUOTE) {
        const from = this.at
        this.#passString()
        if (depth === 1 && name !== undefined && this.at - from === name.length) this.#meet(from, name)
      } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        depth++
        this.at++
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
        depth--
        this.at++
      } else if (depth > 0) this.#passInner()
      else this.#passScalar()
    } while (depth > 0)
    if (depth < 0) throw this.#broken()
    return this.#page.subarray(start, this.at)
  }

  #meet(from: number, name: Buffer): void {
    const page = this.#page
    for (let index = 0; index < name.length; index++) if (page[from + index] !== name[index]) return
    let after = this.at
    while (isSpace(page[after])) after++
    // A value that reads like the name isn't followed by a colon.
    if (page[after] !== COLON) return
    do after++
    while (isSpace(page[after]))
    this.#named = after
  }

  #passString(): void {
    for (;;) {
      const end = this.#quoteFrom(this.at + 1)
      if (end === -1) throw this.#broken()
      this.at = end
      let slashes = 0
      while (this.#page[end - 1 - slashes] === BACKSLASH) slashes++
      if (slashes % 2 === 0) break
    }
    this.at++
  }

  /** Names and most texts are so short that looking is faster than calling. */
  #quoteFrom(from: number): number {
    const page = this.#page
    const near = Math.min(from + NEAR, page.length)
    for (let at = from; at < near; at++) if (page[at] === QUOTE) return at
    return page.indexOf(QUOTE, near)
  }

  /** To the next string or bracket within a value. */
  #passInner(): void {
    const page = this.#page
    let at = this.at
    while (at < page.length && !isMark(page[at])) at++
    if (at === page.length) throw this.#broken()
    this.at = at
  }

  #passScalar(): void {
    const start = this.at
    while (this.at < this.#page.length && !isEnd(this.#page[this.at])) this.at++
    if (this.at === start) throw this.#broken()
  }

  #broken() {
    return garbled(this.at >= this.#page.length ? 'ends in the middle of its JSON' : 'is not JSON', this.#page)
  }
}

const isMark = (byte: number | undefined) =>
  byte === QUOTE || byte === OPEN_ARRAY || byte === OPEN_OBJECT || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT
const isEnd = (byte: number | undefined) => byte === COMMA || isMark(byte) || isSpace(byte)

function isName(key: Buffer, name: string): boolean {
  const text = key.toString('utf8', 1, key.length - 1)
  if (!text.includes('\\')) return text === name
  try {
    return JSON.parse(key.toString('utf8')) === name
  } catch {
    return false
  }
}

/** The value that begins at a place of a page, which a scan has passed over. Raises what JSON.parse does. */
export function valueFrom(page: Buffer, at: number): unknown {
  const scan = new Scan(page)
  scan.at = at
  return JSON.parse(scan.value().toString('utf8'))
}

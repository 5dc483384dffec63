/**
 * Cuts the items out of a page, each as the bytes that came: numbers stay exact, and nothing is written anew. What is
 * around them is parsed, and so is checked; the items are left to the engine, which refuses a broken one by itself.
 */
import { isSpace } from '../split/gather.ts'
import { garbled } from './failure.ts'

export type CutPage = {
  readonly items: readonly Buffer[]
  /** The page with an empty list where the items were. */
  readonly around: unknown
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** The items at a path of names: the elements of a list, or one object. Raises SOURCE_ANSWER where the page isn't such. */
export function cutItems(page: Buffer, path: readonly string[]): CutPage {
  const scan = new Scan(page)
  for (const name of path) if (!scan.enter(name)) throw missing(page, path)
  const start = scan.space()
  const first = page[start]
  if (first !== OPEN_ARRAY && first !== OPEN_OBJECT) throw missing(page, path)
  const items = first === OPEN_ARRAY ? scan.elements() : [scan.value()]
  const rest = [page.subarray(0, start), Buffer.from('[]'), page.subarray(scan.at)]
  return { items, around: parsed(Buffer.concat(rest), page) }
}

function parsed(around: Buffer, page: Buffer): unknown {
  try {
    return JSON.parse(around.toString('utf8').replace(/^\ufeff/, ''))
  } catch {
    throw garbled('is not JSON', page)
  }
}

function missing(page: Buffer, path: readonly string[]) {
  // What isn't JSON at all is told so first.
  const value = path.reduce<unknown>(
    (inner, name) => (inner as Record<string, unknown> | null | undefined)?.[name],
    parsed(page, page),
  )
  const place = path.length === 0 ? 'the answer' : path.join('.')
  const found = value === undefined ? 'missing' : value === null ? 'null' : `a ${typeof value}`
  return garbled(`${place} is ${found}, and should be a list`, page)
}

/** Goes over a page's bytes value by value. What it passes over is checked no further than its brackets. */
class Scan {
  readonly #page: Buffer
  at = 0

  constructor(page: Buffer) {
    this.#page = page
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
      found.push(this.value())
      const next = this.#page[this.space()]
      this.at++
      if (next === CLOSE_ARRAY) return found
      if (next !== COMMA) throw this.#broken()
    }
  }

  /** The bytes of the value that is here. */
  value(): Buffer {
    const start = this.at
    let depth = 0
    do {
      const byte = this.#page[this.at]
      if (byte === QUOTE) this.#passString()
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
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

  #passString(): void {
    for (;;) {
      const end = this.#page.indexOf(QUOTE, this.at + 1)
      if (end === -1) throw this.#broken()
      this.at = end
      let slashes = 0
      while (this.#page[end - 1 - slashes] === BACKSLASH) slashes++
      if (slashes % 2 === 0) break
    }
    this.at++
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

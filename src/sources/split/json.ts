/**
 * One JSON value, or an array whose elements are cut out as the bytes that they are.
 *
 *   start ──[──▶ before ──▶ value ──▶ behind ──]──▶ closed
 *     │            ▲  │                 │ │            │
 *     │            └──│───────,─────────┘ │            │
 *     └─────────▶ rest ◀──────────────────┴────────────┘   whatever the syntax doesn't allow here
 *
 * `rest` is one item to the stream's end. In an array it begins with the bracket or comma before it, so that it can never
 * pass for an event; nor can a last element whose array isn't closed, for it may have been cut off.
 */

import { Gather, isSpace, itemOf } from './gather.ts'
import type { SplitItem } from './item.ts'

type State = 'start' | 'before' | 'value' | 'behind' | 'closed' | 'rest'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Brackets are matched so deep; below they are counted, which is enough for what is refused as too deep anyway. */
const MATCHED_DEPTH = 256

export class JsonSplitter {
  readonly #maxBytes: number
  /** The bytes of an unfinished item that came with earlier chunks. */
  readonly #gather: Gather
  /** An element that is whole, and lay in one chunk; it is emitted once what stands behind it allows. */
  #whole: Buffer | undefined
  #state: State = 'start'
  /** The bracket or comma before the current element; undefined outside of an array. */
  #separator: number | undefined
  readonly #closers = new Uint8Array(MATCHED_DEPTH)
  #depth = 0
  #inString = false
  #isEscaped = false
  /** How much of `rest` is more than white space at its end. */
  #restLength = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#gather = new Gather(maxBytes)
  }

  push(chunk: Buffer, items: SplitItem[]): void {
    // Where the current element begins in this chunk; 0 for one that began in an earlier one.
    let from = 0
    let index = 0
    while (index < chunk.length) {
      if (this.#state === 'rest') return this.#addRest(index === 0 ? chunk : chunk.subarray(index))
      if (this.#state === 'value') {
        index = this.#scanValue(chunk, index)
        if (this.#is('behind')) this.#endValue(chunk.subarray(from, index))
        else if (this.#is('rest')) this.#break(chunk.subarray(from, index))
      } else if (isSpace(chunk[index])) {
        index++
      } else {
        from = index
        if (this.#accept(chunk[index] ?? 0, items)) index++
      }
    }
    if (this.#state === 'value') this.#gather.add(from === 0 ? chunk : chunk.subarray(from))
  }

  end(items: SplitItem[]): void {
    if (this.#state === 'start' || this.#state === 'closed') return
    const isRest = this.#state === 'rest'
    if (!isRest) this.#break()
    items.push(this.#gather.take(isRest ? this.#restLength : undefined))
  }

  /** Lets the compiler forget what it thinks the state still is. */
  #is(state: State): boolean {
    return this.#state === state
  }

  /** Takes a byte outside of values; false where it belongs to the rest. */
  #accept(byte: number, items: SplitItem[]): boolean {
    switch (this.#state) {
      case 'start':
        if (byte !== OPEN_ARRAY) return this.#break()
        this.#separator = byte
        this.#state = 'before'
        return true
      case 'before':
        if (byte === CLOSE_ARRAY && this.#separator === OPEN_ARRAY) return this.#close()
        if (byte === CLOSE_ARRAY || byte === COMMA || byte === CLOSE_OBJECT) return this.#break()
        this.#beginValue(byte)
        return true
      case 'behind':
        if (byte !== COMMA && byte !== CLOSE_ARRAY) return this.#break()
        items.push(this.#takeElement())
        if (byte === CLOSE_ARRAY) return this.#close()
        this.#separator = COMMA
        this.#state = 'before'
        return true
      default:
        return this.#break()
    }
  }

  #beginValue(byte: number): void {
    this.#state = 'value'
    this.#inString = byte === QUOTE
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#open(byte)
  }

  /** Goes on to the value's end, or to the byte that breaks it; the state then says which. */
  #scanValue(chunk: Buffer, start: number): number {
    let index = start
    while (index < chunk.length) {
      if (this.#inString) {
        index = this.#scanString(chunk, index)
        if (!this.#inString && this.#depth === 0) return this.#goTo('behind', index)
        continue
      }
      const byte = chunk[index] ?? 0
      if (this.#depth === 0) {
        // A number, true, false, null, or nonsense that is found out when it is parsed.
        if (isSpace(byte) || byte === COMMA || byte === CLOSE_ARRAY) return this.#goTo('behind', index)
        if (isStructural(byte)) return this.#goTo('rest', index)
      } else if (byte === QUOTE) this.#inString = true
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#open(byte)
      else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
        this.#depth--
        if (this.#depth < MATCHED_DEPTH && this.#closers[this.#depth] !== byte) return this.#goTo('rest', index)
        if (this.#depth === 0) return this.#goTo('behind', index + 1)
      }
      index++
    }
    return index
  }

  #scanString(chunk: Buffer, start: number): number {
    let index = start
    if (this.#isEscaped) {
      this.#isEscaped = false
      index++
    }
    for (; index < chunk.length; index++) {
      const byte = chunk[index]
      if (byte === BACKSLASH) {
        index++
        this.#isEscaped = index === chunk.length
      } else if (byte === QUOTE) {
        this.#inString = false
        return index + 1
      }
    }
    return chunk.length
  }

  #open(byte: number): void {
    if (this.#depth < MATCHED_DEPTH) this.#closers[this.#depth] = byte === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT
    this.#depth++
  }

  #goTo(state: State, index: number): number {
    this.#state = state
    return index
  }

  #endValue(bytes: Buffer): void {
    if (this.#gather.length === 0) this.#whole = bytes
    else this.#gather.add(bytes)
  }

  #takeElement(): SplitItem {
    const whole = this.#whole
    this.#whole = undefined
    return whole === undefined ? this.#gather.take() : itemOf(whole, whole.length, this.#maxBytes)
  }

  #close(): true {
    this.#separator = CLOSE_ARRAY
    this.#state = 'closed'
    return true
  }

  /** From here on everything is the rest, the current element and what stands before it included. */
  #break(bytes = this.#whole): false {
    if (bytes !== undefined) this.#gather.add(bytes)
    this.#whole = undefined
    if (this.#separator !== undefined) this.#gather.prefix(Buffer.of(this.#separator))
    this.#restLength = this.#gather.length
    this.#state = 'rest'
    return false
  }

  #addRest(bytes: Buffer): void {
    let end = bytes.length
    while (end > 0 && isSpace(bytes[end - 1])) end--
    if (end > 0) this.#restLength = this.#gather.length + end
    this.#gather.add(bytes)
  }
}

const isStructural = (byte: number) =>
  byte === OPEN_ARRAY || byte === OPEN_OBJECT || byte === CLOSE_OBJECT || byte === QUOTE

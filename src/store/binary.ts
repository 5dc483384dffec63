/**
 * PostgreSQL's binary formats, for COPY and for array parameters: nothing to escape on our side, nothing to parse on the
 * server's. Measured against the text format on the same rows: `docs/decisions/writing.md`.
 * Fields here; rows and arrays of them in `binary-rows.ts`.
 */
import type { ColumnType } from '../feed/column.ts'
import { type Instant, parseTime } from '../feed/time.ts'

const TWO_32 = 4_294_967_296
const HEX = new Uint8Array(128).fill(0)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  HEX[digit.charCodeAt(0)] = value
  HEX[digit.toUpperCase().charCodeAt(0)] = value
}

/** Large buffers go round: fresh memory costs its pages' first touch, each batch anew. */
const SPARES: Buffer[] = []
const SPARES_MAX = 8
const SPARE_BYTES_MIN = 65_536

function takeSpare(capacity: number): Buffer | undefined {
  if (capacity < SPARE_BYTES_MIN) return undefined
  const index = SPARES.findIndex(spare => spare.length >= capacity)
  return index === -1 ? undefined : SPARES.splice(index, 1)[0]
}

/** A buffer that grows, written from the front. */
export class BinaryWriter {
  #bytes: Buffer
  #view: DataView
  #length = 0

  constructor(capacity = 4096) {
    this.#bytes = takeSpare(capacity) ?? Buffer.allocUnsafeSlow(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  /** The bytes written so far; the writer must not be used again. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(count: number): number {
    const at = this.#length
    const needed = at + count
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, at)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    this.#length = needed
    return at
  }

  /** Gives the memory back, once nobody reads what `finish` returned any more. */
  recycle(): void {
    if (SPARES.length < SPARES_MAX && this.#bytes.length >= SPARE_BYTES_MIN) SPARES.push(this.#bytes)
    this.#bytes = Buffer.alloc(0)
  }

  /** Room at the front of the buffer for a count that is known only later. */
  setInt32(at: number, value: number): void {
    this.#view.setInt32(at, value)
  }

  int16(value: number): void {
    const at = this.#reserve(2)
    this.#view.setInt16(at, value)
  }

  int32(value: number): void {
    const at = this.#reserve(4)
    this.#view.setInt32(at, value)
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }

  null(): void {
    this.int32(-1)
  }

  /** The fields that follow carry their length in bytes before them, as both COPY and arrays want it. */
  smallintField(value: number): void {
    const at = this.#reserve(6)
    this.#view.setInt32(at, 2)
    this.#view.setInt16(at + 4, value)
  }

  integerField(value: number): void {
    const at = this.#reserve(8)
    this.#view.setInt32(at, 4)
    this.#view.setInt32(at + 4, value)
  }

  bigintField(value: number): void {
    const at = this.#reserve(12)
    const high = Math.floor(value / TWO_32)
    this.#view.setInt32(at, 8)
    this.#view.setInt32(at + 4, high)
    this.#view.setUint32(at + 8, value - high * TWO_32)
  }

  doubleField(value: number): void {
    const at = this.#reserve(12)
    this.#view.setInt32(at, 8)
    this.#view.setFloat64(at + 4, value)
  }

  booleanField(value: boolean): void {
    const at = this.#reserve(5)
    this.#view.setInt32(at, 1)
    this.#view.setUint8(at + 4, value ? 1 : 0)
  }

  instantField({ seconds, micros }: Instant): void {
    const value = seconds * 1_000_000 + micros
    if (Number.isSafeInteger(value)) return this.bigintField(value)
    // Beyond the years that a double counts to the microsecond.
    const at = this.#reserve(12)
    this.#view.setInt32(at, 8)
    this.#view.setBigInt64(at + 4, BigInt(seconds) * 1_000_000n + BigInt(micros))
  }

  bytesField(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length + 4)
    this.#view.setInt32(at, bytes.length)
    this.#bytes.set(bytes, at + 4)
  }

  /** Bytes that are there in hexadecimal. */
  hexField(hex: string): void {
    const at = this.#reserve(hex.length / 2 + 4)
    this.#view.setInt32(at, hex.length / 2)
    this.#bytes.write(hex, at + 4, 'hex')
  }

  textField(text: string): void {
    const length = text.length
    if (length <= 40) {
      const start = this.#length
      if (this.#asciiField(text, length)) return
      this.#length = start
    }
    const bytes = Buffer.byteLength(text)
    const at = this.#reserve(bytes + 4)
    this.#view.setInt32(at, bytes)
    this.#bytes.write(text, at + 4, 'utf8')
  }

  /** Short plain texts, which most are, don't pay for a call out of the engine. */
  #asciiField(text: string, length: number): boolean {
    const at = this.#reserve(length + 4)
    this.#view.setInt32(at, length)
    const bytes = this.#bytes
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code > 127) return false
      bytes[at + 4 + index] = code
    }
    return true
  }

  uuidField(text: string): void {
    const at = this.#reserve(20)
    this.#view.setInt32(at, 16)
    let to = at + 4
    for (let index = 0; index < 36; index += 2) {
      if (index === 8 || index === 13 || index === 18 || index === 23) index++
      this.#bytes[to++] = ((HEX[text.charCodeAt(index)] ?? 0) << 4) | (HEX[text.charCodeAt(index + 1)] ?? 0)
    }
  }

  jsonbField(json: string | Uint8Array): void {
    const size = typeof json === 'string' ? Buffer.byteLength(json) : json.length
    const at = this.#reserve(size + 5)
    this.#view.setInt32(at, size + 1)
    this.#bytes[at + 4] = 1
    if (typeof json === 'string') this.#bytes.write(json, at + 5, 'utf8')
    else this.#bytes.set(json, at + 5)
  }
}

/** One value of a feed's column. The value has been checked against its column before. */
export function writeValue(out: BinaryWriter, type: ColumnType, value: unknown): void {
  if (value === null || value === undefined) return out.null()
  switch (type) {
    case 'text':
      return out.textField(value as string)
    case 'integer':
      return out.integerField(value as number)
    case 'bigint':
      return out.bigintField(value as number)
    case 'double':
      return out.doubleField(value as number)
    case 'boolean':
      return out.booleanField(value as boolean)
    case 'uuid':
      return out.uuidField(value as string)
    case 'json':
      return out.jsonbField(JSON.stringify(value))
    case 'timestamp': {
      const instant = parseTime(value as string)
      return instant === undefined ? out.null() : out.instantField(instant)
    }
  }
}

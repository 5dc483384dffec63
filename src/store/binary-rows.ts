import { BinaryWriter } from './binary.ts'

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')

/** Rows for `COPY … WITH (FORMAT binary)`: call `row` before each row's fields. */
class CopyWriter extends BinaryWriter {
  constructor(capacity = 65_536) {
    super(capacity)
    this.raw(HEADER)
  }

  row(fields: number): void {
    this.int16(fields)
  }

  override finish(): Buffer {
    this.int16(-1)
    return super.finish()
  }
}

const OIDS = {
  boolean: 16,
  bytea: 17,
  bigint: 20,
  smallint: 21,
  integer: 23,
  text: 25,
  double: 701,
  timestamp: 1184,
  uuid: 2950,
  json: 3802,
}
export type ArrayType = keyof typeof OIDS

/** A one-dimensional array parameter. The driver sends a Buffer in binary, as it is. */
export class ArrayWriter extends BinaryWriter {
  #count = 0
  readonly #oid: number

  constructor(type: ArrayType) {
    super(1024)
    this.#oid = OIDS[type]
    this.int32(1)
    this.int32(1) // there may be nulls
    this.int32(this.#oid)
    this.int32(0) // how many, set at the end
    this.int32(1)
  }

  /** Call before each element. */
  element(): this {
    this.#count++
    return this
  }

  override finish(): Buffer {
    if (this.#count === 0) {
      const empty = new BinaryWriter(12)
      empty.int32(0)
      empty.int32(0)
      empty.int32(this.#oid)
      return empty.finish()
    }
    this.setInt32(12, this.#count)
    return super.finish()
  }
}

/** How rows reach the server: many by COPY, a few as array parameters of one prepared INSERT, which share a round trip. */
export type RowsMode = 'copy' | 'arrays'

/** Rows being encoded, in either way: `row()`, then `next()` for each field in the columns' order. */
export class Rows {
  readonly mode: RowsMode
  readonly #copy: CopyWriter | undefined
  readonly #arrays: readonly ArrayWriter[]
  readonly #columns: number
  #field = 0

  constructor(mode: RowsMode, types: readonly ArrayType[], bytesExpected: number) {
    this.mode = mode
    this.#columns = types.length
    this.#copy = mode === 'copy' ? new CopyWriter(bytesExpected) : undefined
    this.#arrays = mode === 'copy' ? [] : types.map(type => new ArrayWriter(type))
  }

  row(): void {
    this.#field = 0
    this.#copy?.row(this.#columns)
  }

  next(): BinaryWriter {
    return this.#copy ?? (this.#arrays[this.#field++] as ArrayWriter).element()
  }

  /** One buffer for a COPY, one for each column otherwise. */
  finish(): Buffer[] {
    return this.#copy === undefined ? this.#arrays.map(array => array.finish()) : [this.#copy.finish()]
  }

  recycle(): void {
    this.#copy?.recycle()
  }
}

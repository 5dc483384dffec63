import { type Reader, readerOf, type SchemaNode } from './path.ts'
import { parseTime } from './time.ts'

/**
 * An event's place among its key's versions, as bytes whose order is that of (order, id): numbers by their value, times by
 * their instant to the last digit, other texts by code point. Two events have one rank only if they have one id.
 */
export type RankOf = (event: unknown) => Buffer

export function rankReader(path: string, { type, format }: SchemaNode, idOf: (event: unknown) => string): RankOf {
  const read = readerOf(path)
  const orderOf = type !== 'string' ? ofNumber(read) : format === 'date-time' ? ofTime(read) : ofText(read)
  return event => Buffer.concat([orderOf(event), Buffer.from(idOf(event))])
}

/** Below every character of a text: no event holds U+0000. */
const END = Buffer.from([0])

const ofNumber = (read: Reader) => (event: unknown) => sortable(read(event) as number)
const ofText = (read: Reader) => (event: unknown) => Buffer.concat([Buffer.from(read(event) as string), END])

/** Whole seconds, then the fraction's digits, which sort as texts once the zeros at their end are gone. */
function ofTime(read: Reader) {
  return (event: unknown) => {
    const text = read(event) as string
    const digits = /\.(\d+)/.exec(text)?.[1]?.replace(/0+$/, '') ?? ''
    return Buffer.concat([sortable(parseTime(text)?.seconds ?? 0), Buffer.from(digits), END])
  }
}

/** A double's bits, turned so that they sort as the numbers do. */
function sortable(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  // −0 is 0.
  bytes.writeDoubleBE(value === 0 ? 0 : value)
  if (value < 0) for (let index = 0; index < 8; index++) bytes[index] = ~(bytes[index] ?? 0) & 0xff
  else bytes[0] = (bytes[0] ?? 0) | 0x80
  return bytes
}

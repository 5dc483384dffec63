/**
 * Columns of a feed's tables: where a value comes from, and the PostgreSQL type that it has. A value that its column
 * can't hold refuses the event before anything is written, so that no batch fails on it.
 */
export type ColumnType = 'text' | 'integer' | 'bigint' | 'double' | 'boolean' | 'timestamp' | 'uuid' | 'json'

/** What isn't in the event: fixed once, when the event is accepted, and kept with it. */
export type FactKind = 'serial' | 'arrival' | 'uuid7' | 'header'

/** `{ type: 'text', compute: event => … }` is the form whose event is typed without a word of the user's. */
export type Column<Event> = { readonly type: ColumnType } & (
  | { readonly path: string }
  // A method, so that a column of a wider event fits: its parameter is compared both ways.
  | { compute(event: Event, item: unknown): unknown }
  | { readonly fact: FactKind; readonly of: 'each' | 'first'; readonly header?: string }
  | { readonly ordinal: true }
  | ({ readonly series: string } & ({ readonly path: string } | { compute(event: Event, item: unknown): unknown }))
)

type From<Event, Value> = string | ((event: Event, item: unknown) => Value | null | undefined)

/** A column of one type: from a path such as `'message.reason'`, or from a pure function of the event and the row's item. */
function columnOf<Value>(type: ColumnType) {
  return <Event>(from: From<Event, Value>): Column<Event> =>
    typeof from === 'string' ? { type, path: from } : { type, compute: from }
}

/** `text`; anything but U+0000. */
export const text = columnOf<string>('text')
/** `integer`: whole, from −2^31 to 2^31 − 1. */
export const integer = columnOf<number>('integer')
/** `bigint`: whole, and exact in JSON, so from −(2^53 − 1) to 2^53 − 1. */
export const bigint = columnOf<number>('bigint')
/** `double precision`. */
export const double = columnOf<number>('double')
/** `boolean`. */
export const boolean = columnOf<boolean>('boolean')
/** `timestamptz`, from an RFC 3339 text; kept to the microsecond. */
export const timestamp = columnOf<string>('timestamp')
/** `uuid`. */
export const uuid = columnOf<string>('uuid')
/** `jsonb`; the path `''` is the whole event. */
export const json = columnOf<unknown>('json')

/** A number counted up by the database, given when the event is accepted; unique, rising, not gapless. */
export const serial = (): Column<unknown> => ({ type: 'bigint', fact: 'serial', of: 'each' })
/**
 * A small number for a natural key, from a path or a function: given at the key's first mention in whatever column of the
 * same series, and never another. Null where the key is.
 */
export const numberOf = <Event>(series: string, from: From<Event, string | number>): Column<Event> =>
  typeof from === 'string' ? { type: 'integer', series, path: from } : { type: 'integer', series, compute: from }
/** In a table of a row an item: the item's place in its list, from 1. */
export const ordinal = (): Column<unknown> => ({ type: 'integer', ordinal: true })
/** When the event arrived, by the database's clock. `of: 'first'`: when the key's first version did. */
export const arrival = (options: { of?: 'each' | 'first' } = {}): Column<unknown> => ({
  type: 'timestamp',
  fact: 'arrival',
  of: options.of ?? 'each',
})
/** A UUID of version 7, made when the event is accepted. */
export const uuid7 = (): Column<unknown> => ({ type: 'uuid', fact: 'uuid7', of: 'each' })
/** A header of the post that the event came with, such as `'X-GitHub-Event'`; null where it came otherwise, from a file or corrected. */
export const header = (name: string): Column<unknown> => ({ type: 'text', fact: 'header', of: 'each', header: name })

import type { Column, ColumnType, FactKind } from './column.ts'
import type { Fault } from './fault.ts'
import { guarantees } from './fit.ts'
import { type Each, pathInItem, type RowItem } from './item.ts'
import { seriesFault } from './number.ts'
import { describe, pointerOf, readerOf, type SchemaNode } from './path.ts'
import { IDENTIFIER } from './relation.ts'

export type CompiledColumn = {
  /** As PostgreSQL keeps it: in small letters, so that it can be typed without quotes, in any case. */
  readonly name: string
  /** As it is declared: its name in JSON. */
  readonly shown: string
  readonly type: ColumnType
  /** The series of which the value is its key's number; `read` gives the key. */
  readonly series: string | undefined
  readonly fact: CompiledFact | undefined
  /** `item`: the row's own, in a table of a row an item. */
  readonly read: (event: unknown, item?: RowItem) => unknown
  /** The pointer goes from the row's item. */
  readonly isItem: boolean
  readonly isOrdinal: boolean
  /** Set for `json('')`: the event's own bytes are the value. */
  readonly isWholeEvent: boolean
  readonly pointer: string
  readonly isRequired: boolean
  /** False where the schema already lets through nothing that the column can't hold. */
  readonly needsCheck: boolean
}

/** `header`: its name in small letters. */
export type CompiledFact = {
  readonly kind: FactKind
  readonly of: 'each' | 'first'
  readonly header: string | undefined
}

type Described = { readonly schemas: readonly SchemaNode[]; readonly each: Each | undefined }

export function compileColumn(
  name: string,
  column: Column<never>,
  { schemas: whole, each }: Described,
  place: string,
  faults: Fault[],
): CompiledColumn {
  if (!IDENTIFIER.test(name)) faults.push({ place, message: 'a column is named by letters, digits and _, 63 at most' })
  const base = {
    name: name.toLowerCase(),
    shown: name,
    type: column.type,
    series: undefined,
    fact: undefined,
    isItem: false,
    isOrdinal: false,
    isWholeEvent: false,
    pointer: '',
    isRequired: false,
  }
  if ('ordinal' in column) {
    if (each === undefined) faults.push({ place, message: 'only a table with `each` has items in an order' })
    const read = (_: unknown, item?: RowItem) => item?.ordinal
    return { ...base, isOrdinal: true, read, isRequired: true, needsCheck: false }
  }
  if ('fact' in column) {
    return {
      ...base,
      fact: { kind: column.fact, of: column.of, header: column.header?.toLowerCase() },
      read: () => undefined,
      isRequired: column.fact !== 'header',
      needsCheck: false,
    }
  }
  if ('series' in column) {
    const fault = seriesFault(column.series)
    if (fault !== undefined) faults.push({ place, message: fault })
    const key = compileColumn(name, keyOf(column), { schemas: whole, each }, place, faults)
    const isUuid = 'path' in column && isUuidIn({ schemas: whole, each }, column.path)
    const read = isUuid ? (event: unknown, item?: RowItem) => inSmallLetters(key.read(event, item)) : key.read
    return { ...key, type: column.type, series: column.series, read, needsCheck: true }
  }
  if ('compute' in column) return { ...base, read: computed(column.compute), needsCheck: true }
  const inItem = pathInItem(each, column.path)
  const schemas = inItem === undefined ? whole : (each?.schemas ?? [])
  const path = inItem ?? column.path
  const described = schemas.map(schema => describe(schema, path))
  if (described.includes(undefined))
    faults.push({ place, message: `the event's schema doesn't describe '${column.path}'` })
  return {
    ...base,
    read: inItem === undefined ? readerOf(path) : readItem(readerOf(path)),
    isItem: inItem !== undefined,
    isWholeEvent: column.type === 'json' && column.path === '',
    pointer: pointerOf(path),
    isRequired: described.length > 0 && described.every(one => one?.required === true && isNeverNull(one.schema)),
    needsCheck: !described.every(one => one !== undefined && guarantees(one.schema, column.type)),
  }
}

/** What a number is given for, as a column of its own. */
const keyOf = (column: Extract<Column<never>, { readonly series: string }>): Column<never> =>
  'path' in column ? { type: 'text', path: column.path } : { type: 'text', compute: column.compute }

/** A UUID is one key in capitals and in small letters. */
function isUuidIn({ schemas, each }: Described, path: string): boolean {
  const inItem = pathInItem(each, path)
  const described = (inItem === undefined ? schemas : (each?.schemas ?? [])).map(one => describe(one, inItem ?? path))
  return described.length > 0 && described.every(one => one?.schema.format === 'uuid')
}

const inSmallLetters = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : value)

const computed = (compute: (event: never, item: never) => unknown) => {
  const read = compute as (event: unknown, item: unknown) => unknown
  return (event: unknown, item?: RowItem) => read(event, item?.value)
}

const readItem = (read: (item: unknown) => unknown) => (_: unknown, item?: RowItem) => read(item?.value)

const isNeverNull = (schema: SchemaNode) =>
  ['string', 'integer', 'number', 'boolean', 'object', 'array'].includes(schema.type ?? '')

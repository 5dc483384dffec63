import type { Fault } from './fault.ts'
import { describe, pointerOf, type Reader, readerOf, type SchemaNode, withoutNull } from './path.ts'

/** One of the rows that an event gives to a table of a row an item. */
export type RowItem = {
  readonly value: unknown
  /** The item's place in its list, from 1. */
  readonly ordinal: number
  /** The row's place among those that the event gives, from 0. */
  readonly index: number
}

/** The list that a table has a row for each item of. */
export type Each = {
  readonly path: string
  /** JSON Pointer. */
  readonly pointer: string
  readonly listOf: Reader
  /** What describes an item, in each schema that an event may have. */
  readonly schemas: readonly SchemaNode[]
}

export function compileEach(path: string, schemas: readonly SchemaNode[], place: string, faults: Fault[]): Each {
  const items = schemas.map(schema => {
    const described = describe(schema, path)
    return described === undefined ? undefined : withoutNull(described.schema).schema.items
  })
  if (path === '' || items.includes(undefined))
    faults.push({ place: `${place}.each`, message: `the event's schema doesn't describe '${path}' as a list` })
  return {
    path,
    pointer: pointerOf(path),
    listOf: readerOf(path),
    schemas: items.filter(item => item !== undefined),
  }
}

/** `lines[].article` → `article`, `lines[]` → `''`; undefined for a path of the event. */
export function pathInItem(each: Each | undefined, path: string): string | undefined {
  if (each === undefined) return undefined
  if (path === `${each.path}[]`) return ''
  return path.startsWith(`${each.path}[].`) ? path.slice(each.path.length + 3) : undefined
}

/** Reads a column of the key. */
type KeyPart = (event: unknown, item: RowItem) => unknown

/** The rows that an event gives: an item each, but for those whose key another item has before it. */
export function itemsOf(each: Each, key: readonly KeyPart[]): (event: unknown) => readonly RowItem[] {
  const { listOf } = each
  return event => {
    const list = listOf(event)
    if (!Array.isArray(list)) return []
    const seen = new Set<string>()
    const items: RowItem[] = []
    for (const [place, value] of list.entries()) {
      const item = { value: value as unknown, ordinal: place + 1, index: items.length }
      const name = key.length === 0 ? String(place) : JSON.stringify(key.map(part => part(event, item)))
      if (seen.has(name)) continue
      seen.add(name)
      items.push(item)
    }
    return items
  }
}

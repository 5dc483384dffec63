import type { TSchema } from 'typebox'

/** Reads one place of a parsed event; undefined where a part of the way is missing. */
export type Reader = (event: unknown) => unknown

type Fields = Record<string, unknown>

// What every object inherits is no field of an event. A declaration can't name it (`INHERITED`), so that reading needn't ask.
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Fields)[name] : undefined

/** Names that no path may have as a part. */
export const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

/** A reader for a path such as `metadata.channel`; `''` is the event itself. */
export function readerOf(path: string): Reader {
  if (path === '') return event => event
  const [first = '', second, ...rest] = path.split('.')
  if (second === undefined) return event => field(event, first)
  if (rest.length === 0) return event => field(field(event, first), second)
  return event => rest.reduce(field, field(field(event, first), second))
}

/** The JSON Pointer (RFC 6901) of a path. */
export const pointerOf = (path: string): string =>
  path === ''
    ? ''
    : `/${path
        .split('.')
        .map(part => part.replaceAll('~', '~0').replaceAll('/', '~1'))
        .join('/')}`

export type Described = { readonly schema: SchemaNode; readonly required: boolean }

/** The JSON Schema keywords that a declaration's checks look at. */
export type SchemaNode = TSchema & {
  readonly type?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly const?: unknown
}

/** What a schema says of a path, or undefined where it doesn't describe it. */
export function describe(schema: SchemaNode, path: string): Described | undefined {
  let at: Described = { schema, required: true }
  for (const part of path === '' ? [] : path.split('.')) {
    if (INHERITED.has(part)) return undefined
    const { schema: inner, isNullable } = withoutNull(at.schema)
    const properties: SchemaNode['properties'] = inner.properties
    if (properties === undefined || !Object.hasOwn(properties, part)) return undefined
    const next = properties[part]
    if (next === undefined) return undefined
    at = { schema: next, required: at.required && !isNullable && (inner.required ?? []).includes(part) }
  }
  return at
}

/** What else a schema describes that lets null through: `Type.Union([schema, Type.Null()])`. */
export function withoutNull(schema: SchemaNode): { readonly schema: SchemaNode; readonly isNullable: boolean } {
  const others = schema.anyOf?.filter(({ type }) => type !== 'null') ?? []
  const [only] = others
  if (only === undefined || others.length > 1) return { schema, isNullable: false }
  return { schema: only, isNullable: others.length < (schema.anyOf?.length ?? 0) }
}

import type { SchemaNode } from '../feed/path.ts'

/**
 * What a value is, as far as a query engine gives it a type. `json`: anything, or one thing here and another there; an
 * engine reads it as text.
 */
export type Shape =
  | { readonly kind: 'text' | 'boolean' | 'integer' | 'bigint' | 'double' | 'json' }
  | { readonly kind: 'list' | 'map'; readonly of: Shape }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, Shape> }

type Keywords = SchemaNode & {
  readonly anyOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
  readonly allOf?: readonly SchemaNode[]
  readonly enum?: readonly unknown[]
  readonly items?: SchemaNode | readonly SchemaNode[]
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: SchemaNode | boolean
  readonly exclusiveMaximum?: number
}

const JSON_SHAPE: Shape = { kind: 'json' }
const INT_MIN = -2_147_483_648
const INT_MAX = 2_147_483_647

/** What a schema lets through, null set aside. */
export const shapeOf = (schema: SchemaNode): Shape => read(schema) ?? JSON_SHAPE

/** The union of what several schemas let through: of structs, all their fields. */
export const shapeOfAll = (schemas: Iterable<SchemaNode>): Shape => merged([...schemas].map(read)) ?? JSON_SHAPE

/** Undefined for what is only ever null. */
function read(schema: SchemaNode): Shape | undefined {
  const node = schema as Keywords
  if (node.const !== undefined) return ofValue(node.const)
  if (node.enum !== undefined) return merged(node.enum.map(ofValue))
  const parts = node.anyOf ?? node.oneOf ?? node.allOf
  if (parts !== undefined) return merged(parts.map(read))
  const types: unknown = node.type
  if (Array.isArray(types)) return merged(types.map(type => ofType(String(type), node)))
  return ofType(String(types), node)
}

function ofType(type: string, node: Keywords): Shape | undefined {
  switch (type) {
    case 'null':
      return undefined
    case 'string':
      return { kind: 'text' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'integer':
      return { kind: isInt(node) ? 'integer' : 'bigint' }
    case 'number':
      return { kind: 'double' }
    case 'array':
      return listOf(node)
    case 'object':
      return objectOf(node)
    default:
      return JSON_SHAPE
  }
}

const isInt = ({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Keywords) =>
  Math.max(minimum ?? -Infinity, exclusiveMinimum ?? -Infinity) >= INT_MIN &&
  Math.min(maximum ?? Infinity, exclusiveMaximum ?? Infinity) <= INT_MAX

function listOf({ items }: Keywords): Shape {
  const of = items === undefined ? undefined : merged([items].flat().map(one => read(one as SchemaNode)))
  return { kind: 'list', of: of ?? JSON_SHAPE }
}

function objectOf({ properties = {}, patternProperties = {}, additionalProperties }: Keywords): Shape {
  const named = Object.entries<SchemaNode>(properties)
  if (named.length > 0) return { kind: 'struct', fields: new Map(named.map(([name, one]) => [name, shapeOf(one)])) }
  const others = Object.values<SchemaNode>(patternProperties)
  if (typeof additionalProperties === 'object') others.push(additionalProperties)
  return others.length === 0 ? JSON_SHAPE : { kind: 'map', of: shapeOfAll(others) }
}

function ofValue(value: unknown): Shape | undefined {
  if (value === null) return undefined
  if (typeof value === 'string') return { kind: 'text' }
  if (typeof value === 'boolean') return { kind: 'boolean' }
  if (typeof value === 'number') return { kind: Number.isSafeInteger(value) ? 'bigint' : 'double' }
  return JSON_SHAPE
}

function merged(shapes: readonly (Shape | undefined)[]): Shape | undefined {
  const [first, ...rest] = shapes.filter(shape => shape !== undefined)
  return first === undefined ? undefined : rest.reduce(merge, first)
}

/** From the narrowest number on. */
const WIDTHS: readonly Shape['kind'][] = ['integer', 'bigint', 'double']

export function merge(a: Shape, b: Shape): Shape {
  if (a.kind === 'struct' && b.kind === 'struct') {
    const fields = new Map(a.fields)
    for (const [name, shape] of b.fields) {
      const known = fields.get(name)
      fields.set(name, known === undefined ? shape : merge(known, shape))
    }
    return { kind: 'struct', fields }
  }
  if ((a.kind === 'list' && b.kind === 'list') || (a.kind === 'map' && b.kind === 'map'))
    return { kind: a.kind, of: merge(a.of, b.of) }
  if (a.kind === b.kind) return a
  const [widthOfA, widthOfB] = [WIDTHS.indexOf(a.kind), WIDTHS.indexOf(b.kind)]
  if (widthOfA === -1 || widthOfB === -1) return JSON_SHAPE
  return widthOfA > widthOfB ? a : b
}

import { createHash } from 'node:crypto'

/** JSON with its properties in order of their names: equal events have equal forms, whatever order they were sent in. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const names = Object.keys(value).sort()
  return `{${names.map(name => `${JSON.stringify(name)}:${canonical((value as Record<string, unknown>)[name])}`).join(',')}}`
}

/** SHA-256 of the canonical form. */
export const digestOf = (value: unknown): Buffer => createHash('sha256').update(canonical(value)).digest()

/** A copy of the event without what stands at a path of property names. */
export function without(event: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path
  if (name === undefined || typeof event !== 'object' || event === null || !Object.hasOwn(event, name)) return event
  const { [name]: inner, ...others } = event as Record<string, unknown>
  return rest.length === 0 ? others : { ...others, [name]: without(inner, rest) }
}

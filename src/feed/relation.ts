import type { Fault } from './fault.ts'

/** A table's or a view's name in PostgreSQL; in small letters, so that it can be typed without quotes, in any case. */
export type Relation = { readonly schema: string; readonly name: string }

export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** `name` or `schema.name`. */
export function relationOf(what: 'table' | 'view', fullName: string, faults: Fault[]): Relation {
  const place = `${what}s.${fullName}`
  const [first = '', second, ...rest] = fullName.split('.')
  const [schema, name] = second === undefined ? ['public', first] : [first, second]
  if (!IDENTIFIER.test(schema) || !IDENTIFIER.test(name) || rest.length > 0)
    faults.push({ place, message: `a ${what} is named \`name\` or \`schema.name\`, of letters, digits and _` })
  if (/^(groundstation|pg_.*|information_schema)$/i.test(schema))
    faults.push({ place, message: `the schema ${schema} is not for feeds` })
  return { schema: schema.toLowerCase(), name: name.toLowerCase() }
}

export const nameOf = ({ schema, name }: Relation): string => (schema === 'public' ? name : `${schema}.${name}`)

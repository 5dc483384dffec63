import type { Identity } from './declare.ts'
import type { Fault } from './fault.ts'
import { type Described, describe, type Reader, readerOf, type SchemaNode } from './path.ts'
import { isUuid, parseDurationMs } from './time.ts'

export type IdentityKind = 'sequenced' | 'unique' | 'position' | 'snapshot'

/** How an event says who it is. `key` and `sequence` read an event that the schema has let through. */
export type CompiledIdentity = {
  readonly kind: IdentityKind
  /** The key of a sequenced or snapshot feed, the id of a unique one; undefined for positions. */
  readonly keyOf: ((event: unknown) => string) | undefined
  /** Whether an event that the schema refused still has a key that can be read. */
  readonly isKey: (event: unknown) => boolean
  readonly keyPath: string | undefined
  readonly sequenceOf: ((event: unknown) => number) | undefined
  readonly sequencePath: string | undefined
  readonly timeOf: Reader | undefined
  readonly timePath: string | undefined
  readonly typePath: string | undefined
  readonly isSparse: boolean
  /** How long a unique id is remembered; undefined: for ever. */
  readonly horizonMs: number | undefined
}

/** Keys longer than this many characters are refused: a key is an index entry, and PostgreSQL's end at 2,704 bytes. */
export const KEY_CHARACTERS_MAX = 512

/** Reads the identity's paths against every schema that an event may have; adds to `faults` what doesn't fit. */
export function compileIdentity(identity: Identity, schemas: readonly SchemaNode[], faults: Fault[]): CompiledIdentity {
  const check = (name: string, path: string | undefined, types: readonly string[]): Described | undefined => {
    if (path === undefined) return undefined
    let first: Described | undefined
    for (const schema of schemas) {
      const described = describe(schema, path)
      const place = `identity.${name}`
      if (described === undefined || !described.required) {
        faults.push({ place, message: `'${path}' is not a required property of the event's schema` })
        return undefined
      }
      if (!types.includes(described.schema.type ?? '')) {
        faults.push({ place, message: `'${path}' must be ${types.join(' or ')} in the schema` })
        return undefined
      }
      first ??= described
    }
    return first
  }
  const base = {
    timePath: identity.time,
    typePath: identity.type,
    timeOf: identity.time === undefined ? undefined : readerOf(identity.time),
  }
  check('time', identity.time, ['string'])
  check('type', identity.type, ['string'])
  const none = {
    keyOf: undefined,
    isKey: () => false,
    keyPath: undefined,
    sequenceOf: undefined,
    sequencePath: undefined,
    isSparse: false,
    horizonMs: undefined,
  }
  if ('sequence' in identity) {
    const key = check('key', identity.key, ['string', 'integer'])
    check('sequence', identity.sequence, ['integer'])
    return {
      ...base,
      ...none,
      kind: 'sequenced',
      keyPath: identity.key,
      keyOf: keyReader(identity.key, key),
      isKey: keyCheck(identity.key, key),
      sequencePath: identity.sequence,
      sequenceOf: readerOf(identity.sequence) as (event: unknown) => number,
      isSparse: identity.sparse === true,
    }
  }
  if ('unique' in identity) {
    const horizonMs = identity.horizon === undefined ? undefined : parseDurationMs(identity.horizon)
    if (identity.horizon !== undefined && horizonMs === undefined)
      faults.push({ place: 'identity.horizon', message: "expected a number and a unit, such as '30d'" })
    const key = check('unique', identity.unique, ['string', 'integer'])
    return {
      ...base,
      ...none,
      kind: 'unique',
      keyPath: identity.unique,
      keyOf: keyReader(identity.unique, key),
      horizonMs,
    }
  }
  if ('snapshot' in identity) {
    const key = check('snapshot', identity.snapshot, ['string', 'integer'])
    return { ...base, ...none, kind: 'snapshot', keyPath: identity.snapshot, keyOf: keyReader(identity.snapshot, key) }
  }
  return { ...base, ...none, kind: 'position' }
}

/** A UUID is one key in capitals and in small letters. */
function keyReader(path: string, described: Described | undefined): (event: unknown) => string {
  const read = readerOf(path)
  if (described?.schema.format === 'uuid') return event => (read(event) as string).toLowerCase()
  return event => String(read(event))
}

function keyCheck(path: string, described: Described | undefined): (event: unknown) => boolean {
  const read = readerOf(path)
  if (described?.schema.type === 'integer') return event => Number.isSafeInteger(read(event))
  const isUuidKey = described?.schema.format === 'uuid'
  return event => {
    const key = read(event)
    if (typeof key !== 'string' || key.length === 0 || key.length > KEY_CHARACTERS_MAX) return false
    return isUuidKey ? isUuid(key) : key.isWellFormed() && !key.includes('\u0000')
  }
}

import type { Identity } from './declare.ts'
import type { Fault } from './fault.ts'
import { type Described, describe, type Reader, readerOf, type SchemaNode } from './path.ts'
import { type RankOf, rankReader } from './rank.ts'
import { isUuid, parseDurationMs } from './time.ts'

export type IdentityKind = 'sequenced' | 'unique' | 'versioned' | 'position' | 'snapshot'

/** How an event says who it is. `key` and `sequence` read an event that the schema has let through. */
export type CompiledIdentity = {
  readonly kind: IdentityKind
  /** Whether each key has a row of its own, and its events a number within it. */
  readonly isKeyed: boolean
  /** The key of a feed that has keys, the id of a unique one without; undefined for positions. */
  readonly keyOf: ((event: unknown) => string) | undefined
  /** Whether an event that the schema refused still has a key that can be read. */
  readonly isKey: (event: unknown) => boolean
  readonly keyPath: string | undefined
  /** Of a feed whose events are told apart by an id, within a key or not. */
  readonly idOf: ((event: unknown) => string) | undefined
  readonly idPath: string | undefined
  /** Where it isn't the number that says which of a key's events is the latest. */
  readonly rankOf: RankOf | undefined
  readonly orderPath: string | undefined
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
    isKeyed: true,
    idOf: undefined,
    idPath: undefined,
    rankOf: undefined,
    orderPath: undefined,
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
    const idPath = identity.unique
    const idOf = keyReader(idPath, check('unique', idPath, ['string', 'integer']))
    const unique = { ...base, ...none, idPath, idOf, horizonMs }
    if (identity.key === undefined || identity.order === undefined)
      return { ...unique, kind: 'unique', isKeyed: false, keyPath: idPath, keyOf: idOf }
    const keyOf = keyReader(identity.key, check('key', identity.key, ['string', 'integer']))
    const order = check('order', identity.order, ['string', 'integer', 'number'])
    const rankOf = rankReader(identity.order, order?.schema ?? {}, idOf)
    return { ...unique, kind: 'versioned', keyPath: identity.key, keyOf, rankOf, orderPath: identity.order }
  }
  if ('snapshot' in identity) {
    const key = check('snapshot', identity.snapshot, ['string', 'integer'])
    return { ...base, ...none, kind: 'snapshot', keyPath: identity.snapshot, keyOf: keyReader(identity.snapshot, key) }
  }
  return { ...base, ...none, kind: 'position', isKeyed: false }
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

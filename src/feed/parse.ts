import { isAscii, isUtf8 } from 'node:buffer'
import { findRounded, findUnstorable, isTooDeep, mayBeInexact } from './exact.ts'
import { misfit } from './fit.ts'
import { type CompiledIdentity, KEY_CHARACTERS_MAX } from './identity.ts'
import type { RowItem } from './item.ts'
import { keyMisfit } from './number.ts'
import { pointerOf, readerOf } from './path.ts'
import type { CompiledTable } from './table.ts'
import type { Validator, Violation } from './validator.ts'

/** Why an event was refused. `conflict`, `fold` and `store` come later, of events that the schema let through; `answer`: of a
 * polled source, which isn't what it should be. */
export type RefusalReason =
  | 'encoding'
  | 'json'
  | 'schema'
  | 'type'
  | 'inexact'
  | 'unstorable'
  | 'depth'
  | 'key'
  | 'column'
  | 'size'
  | 'answer'
  | 'conflict'
  | 'fold'
  | 'store'

export type Refusal = {
  readonly reason: RefusalReason
  readonly message: string
  /** JSON Pointer of the fault. */
  readonly pointer: string
  /** Who the event says it is, where that much can be read. */
  readonly key: string | undefined
  readonly sequence: number | undefined
}

export type ParsedEvent = {
  readonly ok: true
  readonly raw: Buffer
  readonly event: unknown
  readonly type: string
  /** `''` where the feed's identity is the position. */
  readonly key: string
  /** The key, where events have no id beside it. */
  readonly id: string
  /** 0 where the feed isn't sequenced. */
  readonly sequence: number
}

export type Parsed = ParsedEvent | { readonly ok: false; readonly refusal: Refusal }

export type ParseContext = {
  readonly identity: CompiledIdentity
  readonly typeOf: (event: unknown) => unknown
  /** By event type; under `''` for a feed without variants. */
  readonly validators: ReadonlyMap<string, Validator>
  readonly envelope: Validator | undefined
  readonly checkedTables: readonly CompiledTable[]
}

/** Turns the bytes of one event into what the schema promises, or says why not. Never throws. */
export function parserOf(context: ParseContext): (raw: Buffer) => Parsed {
  const { identity } = context
  return raw => {
    const ascii = isAscii(raw)
    if (!ascii && !isUtf8(raw)) return refuse(context, undefined, 'encoding', 'is not UTF-8', '')
    const json = ascii ? raw.toString('latin1') : raw.toString('utf8')
    if (isTooDeep(json)) return refuse(context, undefined, 'depth', 'nests deeper than 128 levels', '')
    let event: unknown
    try {
      event = JSON.parse(json)
    } catch (error) {
      // A syntax error's own words quote the text, which doesn't belong into a log.
      return refuse(context, undefined, 'json', `is not JSON${placeOf(error)}`, '')
    }
    const type = context.typeOf(event)
    const validator = typeof type === 'string' ? context.validators.get(type) : undefined
    if (validator === undefined || typeof type !== 'string') return refuseType(context, event)
    if (!validator.check(event)) return refuseSchema(context, event, validator.violation(event))
    const rounded = mayBeInexact(json) ? refuseRounded(context, json, validator) : undefined
    if (rounded !== undefined) return rounded
    if (json.includes('\\u')) {
      const pointer = findUnstorable(event)
      if (pointer !== undefined)
        return refuse(context, event, 'unstorable', 'holds U+0000 or half a surrogate pair', pointer)
    }
    const key = identity.keyOf === undefined ? '' : identity.keyOf(event)
    const id = identity.idOf === undefined || identity.idOf === identity.keyOf ? key : identity.idOf(event)
    if (identity.keyOf !== undefined) {
      const path = misnamed(identity, key, id, event)
      if (path !== undefined)
        return refuse(context, undefined, 'key', `must have 1 to ${KEY_CHARACTERS_MAX} characters`, pointerOf(path))
    }
    const sequence = identity.sequenceOf === undefined ? 0 : identity.sequenceOf(event)
    if (identity.sequenceOf !== undefined && !(sequence >= 1 && sequence <= Number.MAX_SAFE_INTEGER))
      return refuse(context, event, 'key', 'must be from 1 to 2^53 - 1', pointerOf(identity.sequencePath ?? ''))
    const column = columnMisfit(context.checkedTables, type, event)
    if (column !== undefined) return refuse(context, event, 'column', column.message, column.pointer)
    return { ok: true, raw, event, type, key, id, sequence }
  }
}

const isName = ({ length }: string): boolean => length > 0 && length <= KEY_CHARACTERS_MAX

/** The path of what is too long to be kept beside a key, or empty. */
function misnamed(identity: CompiledIdentity, key: string, id: string, event: unknown): string | undefined {
  if (!isName(key)) return identity.keyPath
  if (identity.rankOf === undefined) return undefined
  if (!isName(id)) return identity.idPath
  const order = readerOf(identity.orderPath ?? '')(event)
  return typeof order === 'string' && !isName(order) ? identity.orderPath : undefined
}

function placeOf(error: unknown): string {
  const position = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
  return position === undefined ? '' : ` from character ${position} on`
}

/** Rounded numbers matter where the schema wants an integer, and where they are no numbers any more. */
function refuseRounded(context: ParseContext, json: string, validator: Validator): Parsed | undefined {
  const rounded = findRounded(json)
  if (rounded === undefined) return undefined
  const { marked, isOutOfRange } = rounded
  const violation = validator.check(marked) ? undefined : validator.integerViolation(marked)
  // A number that was rounded names nobody's place, so the marked event tells who it is.
  if (violation !== undefined)
    return refuse(context, marked, 'inexact', 'is a number that JSON readers round', violation.pointer)
  if (isOutOfRange) return refuse(context, marked, 'inexact', 'holds a number too large or too small for a double', '')
  return undefined
}

function columnMisfit(tables: readonly CompiledTable[], type: string, event: unknown) {
  for (const table of tables) {
    if (table.when !== undefined && !table.when.has(type)) continue
    for (const item of table.each === undefined ? ONE_ROW : table.each.itemsOf(event))
      for (const column of table.columns) {
        if (!column.needsCheck) continue
        const message = misfitOf(column, event, item)
        if (message === undefined) continue
        const place = column.isItem && item !== undefined ? `${table.each?.pointer}/${item.ordinal - 1}` : ''
        return { message: `${message} for the column ${column.name}`, pointer: place + column.pointer }
      }
  }
  return undefined
}

const ONE_ROW: readonly undefined[] = [undefined]

function misfitOf(
  column: CompiledTable['columns'][number],
  event: unknown,
  item: RowItem | undefined,
): string | undefined {
  try {
    const value = column.read(event, item)
    return column.series === undefined ? misfit(column.type, value) : keyMisfit(value)
  } catch {
    // The function is the feed's own: what it throws may quote the event.
    return 'its function failed'
  }
}

function refuseType(context: ParseContext, event: unknown): Parsed {
  const { envelope, identity } = context
  if (envelope !== undefined && !envelope.check(event)) return refuseSchema(context, event, envelope.violation(event))
  const known = [...context.validators.keys()].join(', ')
  return refuse(context, event, 'type', `must be one of ${known}`, pointerOf(identity.typePath ?? ''))
}

const refuseSchema = (context: ParseContext, event: unknown, { message, pointer }: Violation): Parsed =>
  refuse(context, event, 'schema', message, pointer)

function refuse(
  context: ParseContext,
  event: unknown,
  reason: RefusalReason,
  message: string,
  pointer: string,
): Parsed {
  const { key, sequence } = readIdentity(context.identity, event)
  // A pointer may be made of the event's own names, and a text column holds no U+0000 and no half of a surrogate pair.
  const storable = pointer.toWellFormed().replaceAll('\u0000', '\ufffd')
  return { ok: false, refusal: { reason, message, pointer: storable, key, sequence } }
}

/** Key and number of an event that was refused, so that it holds its followers as a missing one does. */
function readIdentity(
  identity: CompiledIdentity,
  event: unknown,
): { key: string | undefined; sequence: number | undefined } {
  if (event === undefined || identity.kind !== 'sequenced') return { key: undefined, sequence: undefined }
  const key = readKey(identity, event)
  const sequence: unknown = identity.sequenceOf?.(event)
  const isNumber = Number.isSafeInteger(sequence) && (sequence as number) >= 1
  return { key, sequence: key !== undefined && isNumber ? (sequence as number) : undefined }
}

function readKey({ keyOf, isKey }: CompiledIdentity, event: unknown): string | undefined {
  return keyOf !== undefined && isKey(event) ? keyOf(event) : undefined
}

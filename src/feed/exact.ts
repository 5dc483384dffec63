/**
 * What `JSON.parse` lets through and a store can't hold: numbers that a double rounds, U+0000, lone surrogates, nesting
 * that overflows a stack. Each test has a cheap first look, for nearly no event has any of them.
 */

/** Nesting deeper than this is refused: PostgreSQL's own parser ends somewhere above it. */
export const DEPTH_MAX = 128

const isDigitOrDot = (code: number) => (code >= 48 && code <= 57) || code === 46

const EXPONENT = /\d[eE][+-]?\d{3}/
/** Texts such as UUIDs are full of what looks like an exponent; within a text it is preceded by a quote or a letter. */
const NUMBER_WITH_EXPONENT = /[:,[\s]-?\d+(?:\.\d+)?[eE][+-]?\d{3}/

/** Whether the text may hold a number of 16 or more digits, or an exponent that a double has no room for. */
export function mayBeInexact(json: string): boolean {
  // A run of 16 covers one of every 16 places, so only those are looked at first.
  for (let index = 15; index < json.length; index += 16) {
    if (!isDigitOrDot(json.charCodeAt(index))) continue
    let from = index
    let to = index
    while (isDigitOrDot(json.charCodeAt(from - 1))) from--
    while (isDigitOrDot(json.charCodeAt(to + 1))) to++
    if (to - from >= 15) return true
  }
  return EXPONENT.test(json) && NUMBER_WITH_EXPONENT.test(json)
}

/** A decimal number as digits and a power of ten, without trailing zeros: equal numbers have equal forms. */
function normalForm(literal: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal)
  if (match === null) return literal
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = (whole + fraction).replace(/^0+/, '')
  const trimmed = digits.replace(/0+$/, '')
  if (trimmed === '') return '0'
  return `${sign}${trimmed}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - trimmed.length)}`
}

/** Whether a JSON number literal survives `JSON.parse` to the digit. Binary fractions are compared as they print. */
export const isExact = (literal: string): boolean => {
  const value = Number(literal)
  if (!Number.isFinite(value)) return false
  const printed = Number.isInteger(value) ? BigInt(value).toString() : String(value)
  return normalForm(printed) === normalForm(literal)
}

type ReviverContext = { readonly source?: string }
type SourceReviver = (this: unknown, key: string, value: unknown, context: ReviverContext) => unknown

export type Rounded = {
  /** The event with 0.5 for each number that was rounded to a whole one: no schema of integers takes it. */
  readonly marked: unknown
  /** A number is beyond what a double holds, or what PostgreSQL does: above 1e308, or nearer to 0 than 1e-323. */
  readonly isOutOfRange: boolean
}

/** The event again, for its rounded numbers to be looked at; undefined where none was rounded. */
export function findRounded(json: string): Rounded | undefined {
  let found = false
  let isOutOfRange = false
  const mark: SourceReviver = (_key, value, context) => {
    if (typeof value !== 'number' || context.source === undefined || isExact(context.source)) return value
    found = true
    if (value === 0 || !Number.isFinite(value)) isOutOfRange = true
    return Number.isInteger(value) ? 0.5 : value
  }
  const marked: unknown = JSON.parse(json, mark as (key: string, value: unknown) => unknown)
  return found ? { marked, isOutOfRange } : undefined
}

/** The event with each rounded number as its exact digits, so that two that differ only past 2^53 differ. */
export function parseExactly(json: string): unknown {
  if (!mayBeInexact(json)) return JSON.parse(json)
  const keep: SourceReviver = (_key, value, context) =>
    typeof value !== 'number' || context.source === undefined || isExact(context.source)
      ? value
      : { inexact: normalForm(context.source) }
  return JSON.parse(json, keep as (key: string, value: unknown) => unknown)
}

/** Whether objects and arrays nest deeper than `DEPTH_MAX`. */
export function isTooDeep(json: string): boolean {
  if (json.length < 2 * DEPTH_MAX || countUpTo(json, '[') + countUpTo(json, '{') <= DEPTH_MAX) return false
  let depth = 0
  let inString = false
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index)
    if (inString) {
      if (code === 92) index++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 91 || code === 123) {
      if (++depth > DEPTH_MAX) return true
    } else if (code === 93 || code === 125) depth--
  }
  return false
}

function countUpTo(json: string, mark: string): number {
  let count = 0
  for (let index = json.indexOf(mark); index !== -1 && count <= DEPTH_MAX; index = json.indexOf(mark, index + 1))
    count++
  return count
}

/** What PostgreSQL's jsonb takes, and its text without a change. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000')

/** The JSON Pointer of the first text that holds U+0000 or a lone surrogate, names of properties included. */
export function findUnstorable(event: unknown): string | undefined {
  const pending: { value: unknown; pointer: string }[] = [{ value: event, pointer: '' }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, pointer } = next
    if (typeof value === 'string' && !isStorable(value)) return pointer
    if (typeof value !== 'object' || value === null) continue
    for (const [name, child] of Object.entries(value)) {
      if (!isStorable(name)) return pointer
      pending.push({ value: child, pointer: `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` })
    }
  }
  return undefined
}

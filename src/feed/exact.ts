/**
 * What `JSON.parse` lets through and a store can't hold: numbers that a double rounds, U+0000, lone surrogates, nesting
 * that overflows a stack. Each test has a cheap first look, for nearly no event has any of them.
 */

/** Nesting deeper than this is refused: PostgreSQL's own parser ends somewhere above it. */
export const DEPTH_MAX = 128

const isDigit = (code: number) => code >= 48 && code <= 57
const isDigitOrDot = (code: number) => (code >= 48 && code <= 57) || code === 46

/** Whether the text may hold a number of 16 or more digits, or an exponent small enough to vanish. */
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
  return hasTinyExponent(json, 'e-') || hasTinyExponent(json, 'E-')
}

/** Texts such as UUIDs are full of `e-`, so what stands around it is looked at before any regular expression is. */
function hasTinyExponent(json: string, mark: 'e-' | 'E-'): boolean {
  for (let index = json.indexOf(mark); index !== -1; index = json.indexOf(mark, index + 2)) {
    let to = index + 2
    while (isDigit(json.charCodeAt(to))) to++
    if (to - index < 5) continue
    let from = index - 1
    while (isDigitOrDot(json.charCodeAt(from))) from--
    // Within a text the number would be preceded by a quote or a letter.
    if (from < index - 1 && ':,[ \t\n\r-'.includes(json.charAt(from))) return true
  }
  return false
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

/**
 * The event again, with each number that was rounded replaced by NaN, which no schema of integers takes; undefined
 * where none was.
 */
export function withInexactMarked(json: string): unknown {
  let found = false
  const mark: SourceReviver = (_key, value, context) => {
    if (typeof value !== 'number' || context.source === undefined || isExact(context.source)) return value
    found = true
    return Number.NaN
  }
  const marked: unknown = JSON.parse(json, mark as (key: string, value: unknown) => unknown)
  return found ? marked : undefined
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

/** The JSON Pointer of the first text that holds U+0000 or a lone surrogate, names of properties included. */
export function findUnstorable(event: unknown): string | undefined {
  const isStorable = (text: string) => text.isWellFormed() && !text.includes('\u0000')
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

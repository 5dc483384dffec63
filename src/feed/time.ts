/**
 * RFC 3339 times, exact to the microsecond that PostgreSQL keeps. A JavaScript `Date` would lose three digits.
 */
export type Instant = {
  /** Whole seconds since 2000-01-01T00:00:00Z, PostgreSQL's own epoch. */
  readonly seconds: number
  /** 0 to 1,000,000; digits after the sixth are rounded as PostgreSQL rounds them. */
  readonly micros: number
}

const digitAt = (text: string, index: number): number => {
  const code = text.charCodeAt(index) - 48
  return code >= 0 && code <= 9 ? code : Number.NaN
}
const two = (text: string, index: number): number => digitAt(text, index) * 10 + digitAt(text, index + 1)

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

/** Days from 2000-01-01, by the proleptic Gregorian calendar. */
function daysFrom2000(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 730425
}

/** The instant that an RFC 3339 time names, or undefined where the text is none. */
export function parseTime(text: string): Instant | undefined {
  const length = text.length
  if (length < 20 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined
  const separator = text.charCodeAt(10)
  if (separator !== 84 && separator !== 116 && separator !== 32) return undefined
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return undefined
  const year = two(text, 0) * 100 + two(text, 2)
  const month = two(text, 5)
  const day = two(text, 8)
  const hour = two(text, 11)
  const minute = two(text, 14)
  const second = two(text, 17)
  // Written so that NaN, which stands for "no digit", fails each test.
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 60))
    return undefined
  if (day > (DAYS_IN_MONTH[month - 1] ?? 0) || (month === 2 && day === 29 && !isLeap(year))) return undefined
  let index = 19
  let micros = 0
  if (text.charCodeAt(index) === 46) {
    const start = ++index
    let digits = 0
    for (; index < length; index++) {
      const digit = digitAt(text, index)
      if (!(digit >= 0)) break
      digits = digits * 10 + digit
    }
    const count = index - start
    if (count === 0) return undefined
    // Both are exact up to 15 digits, so their quotient is the double that PostgreSQL reads.
    const fraction = count <= 15 ? digits / 10 ** count : Number(text.slice(start - 1, index))
    micros = roundHalfEven(fraction * 1_000_000)
  }
  const offsetMinutes = parseOffset(text, index)
  if (offsetMinutes === undefined) return undefined
  const seconds = daysFrom2000(year, month, day) * 86_400 + hour * 3600 + (minute - offsetMinutes) * 60 + second
  return { seconds, micros }
}

/** As C's `rint` does, and so PostgreSQL. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value)
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded
}

function parseOffset(text: string, index: number): number | undefined {
  const sign = text.charCodeAt(index)
  if (sign === 90 || sign === 122) return text.length === index + 1 ? 0 : undefined
  if ((sign !== 43 && sign !== 45) || text.length !== index + 6 || text.charCodeAt(index + 3) !== 58) return undefined
  const hours = two(text, index + 1)
  const minutes = two(text, index + 4)
  if (!(hours <= 23 && minutes <= 59)) return undefined
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes)
}

const HEX = new Uint8Array(65_536)
for (const digit of '0123456789abcdefABCDEF') HEX[digit.charCodeAt(0)] = 1

/** Whether the text is a UUID in its usual form, capitals or not. */
export function isUuid(text: string): boolean {
  if (text.length !== 36) return false
  for (let index = 0; index < 36; index++) {
    const code = text.charCodeAt(index)
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (code !== 45) return false
    } else if (HEX[code] === 0) return false
  }
  return true
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `'30s'` → 30000. Undefined where the text isn't a number and a unit (ms, s, m, h, d). */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  const unit = UNITS[match?.[2] ?? '']
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit
}

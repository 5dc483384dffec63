import { KEY_CHARACTERS_MAX } from './identity.ts'

const SERIES = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/

/** What is wrong with a series' name. */
export const seriesFault = (series: unknown): string | undefined =>
  typeof series === 'string' && SERIES.test(series)
    ? undefined
    : "a series of numbers has a name of letters, digits, '.', '_' and '-', such as 'shop.customer'"

/** A natural key as it is kept; null where there is none. */
export const keyText = (value: unknown): string | null => (value === null || value === undefined ? null : String(value))

/** Why a value can't have a number; undefined where it can, or is none. */
export function keyMisfit(value: unknown): string | undefined {
  if (value === null || value === undefined || Number.isSafeInteger(value)) return undefined
  const isKey =
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= KEY_CHARACTERS_MAX &&
    value.isWellFormed() &&
    !value.includes('\u0000')
  return isKey ? undefined : `must be a whole number, or a text of 1 to ${KEY_CHARACTERS_MAX} characters`
}

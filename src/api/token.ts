import { GroundstationError } from '../errors.ts'
import { isStorable } from './parameters.ts'

type Part = string | number | boolean | null

/** Where a list goes on. Opaque to its readers; it names its list, so that it isn't taken for another's. */
export const tokenOf = (list: string, parts: readonly Part[]): string =>
  Buffer.from(JSON.stringify([list, ...parts])).toString('base64url')

/** The parts of a token that this list gave. Raises REQUEST_INVALID for any other text. */
export function readToken<Parts extends readonly Part[]>(
  list: string,
  token: string,
  isParts: (parts: readonly unknown[]) => parts is Parts,
): Parts {
  const parts = decode(token)
  if (parts?.[0] === list) {
    const rest = parts.slice(1)
    if (isParts(rest)) return rest
  }
  throw new GroundstationError('REQUEST_INVALID', 'after is not a token of this list, in this order.')
}

function decode(token: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

export const isText = (part: unknown): part is string => typeof part === 'string' && isStorable(part)
export const isWhole = (part: unknown): part is number => Number.isSafeInteger(part)

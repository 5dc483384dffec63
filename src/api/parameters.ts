import type { FastifyRequest } from 'fastify'
import { GroundstationError } from '../errors.ts'

const invalid = (message: string) => new GroundstationError('REQUEST_INVALID', message)

/** The query's parameters as text. Raises REQUEST_INVALID for one that isn't known here, or comes twice. */
export function parametersOf<const Name extends string>(
  request: FastifyRequest,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {}
  for (const [name, value] of Object.entries(request.query as Record<string, unknown>)) {
    const known = names.find(one => one === name)
    if (known === undefined)
      throw invalid(`There is no parameter ${name} here.${names.length > 0 ? ` Known are ${names.join(', ')}.` : ''}`)
    if (typeof value !== 'string') throw invalid(`The parameter ${name} is given twice.`)
    found[known] = value
  }
  return found
}

/** A whole number within bounds, written in digits. */
export function wholeNumber(name: string, text: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max))
    throw invalid(`${name} is a whole number from ${min} ${max === Number.MAX_SAFE_INTEGER ? 'on' : `to ${max}`}.`)
  return value
}

export const LIMIT_DEFAULT = 100
export const LIMIT_MAX = 1000

export const limitOf = (text: string | undefined): number =>
  text === undefined ? LIMIT_DEFAULT : wholeNumber('limit', text, 1, LIMIT_MAX)

/** What lies before a page is counted in the key's index: 0.1 s a million rows, 0.5 s where the table isn't vacuumed yet. */
export const SKIP_MAX = 10_000_000

export const skipOf = (text: string | undefined): number =>
  text === undefined ? 0 : wholeNumber('skip', text, 0, SKIP_MAX)

/** One of a few words; undefined where none is given. */
export function oneOf<const Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly Word[],
): Word | undefined {
  if (text === undefined) return undefined
  const word = words.find(one => one === text)
  if (word === undefined) throw invalid(`${name} is one of ${words.join(', ')}.`)
  return word
}

/** Whether a text can be asked for at all: PostgreSQL takes neither U+0000 nor half a surrogate pair. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000')

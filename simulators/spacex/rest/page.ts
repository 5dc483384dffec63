import type { Json } from '../data/document.ts'
import { Refused } from '../refused.ts'
import { testOf } from './query.ts'
import { selector } from './select.ts'
import { sorted } from './sort.ts'

export type Page = {
  readonly docs: readonly Json[]
  readonly totalDocs: number
  readonly offset: number
  readonly limit: number
  readonly totalPages: number
  readonly page: number
  readonly pagingCounter: number
  readonly hasPrevPage: boolean
  readonly hasNextPage: boolean
  readonly prevPage: number | null
  readonly nextPage: number | null
}

/** What may be wrong with a paging, on purpose. */
export type PageTrouble = { readonly isEndless: boolean; readonly isSame: boolean }

const LIMIT = 10

/** The answer to `POST …/query`: `query` as MongoDB has it, `options` as mongoose-paginate has them, `populate` left out. */
export function pageOf(documents: readonly Json[], body: unknown, trouble: PageTrouble): Page {
  const { query, options } = objectOf(body, 'the body')
  const { page, offset, limit = LIMIT, pagination = true, sort, select, populate } = objectOf(options, 'options')
  if (Array.isArray(populate) ? populate.length > 0 : Boolean(populate))
    throw new Refused("populate isn't simulated: ask for the rockets, payloads and launchpads themselves.")
  const found = sorted(documents.filter(testOf(query)), sort)
  const size = pagination === false ? found.length : whole(limit, 0, 'limit')
  const skipped = pagination === false ? 0 : offset === undefined ? skippedOf(page, size) : whole(offset, 0, 'offset')
  // A page that never ends begins again after the last; one that stays the same is the first, whichever is asked for.
  const from = trouble.isSame ? 0 : trouble.isEndless && found.length > 0 ? skipped % found.length : skipped
  return counted(found.slice(from, from + size).map(selector(select)), found.length, skipped, size, trouble)
}

function counted(docs: Json[], totalDocs: number, offset: number, limit: number, trouble: PageTrouble): Page {
  const totalPages = Math.max(1, Math.ceil(totalDocs / Math.max(1, limit)))
  const page = Math.floor(offset / Math.max(1, limit)) + 1
  const hasNextPage = trouble.isEndless || trouble.isSame || page < totalPages
  return {
    docs,
    totalDocs,
    offset,
    limit,
    totalPages,
    page,
    pagingCounter: offset + 1,
    hasPrevPage: page > 1,
    hasNextPage,
    prevPage: page > 1 ? page - 1 : null,
    nextPage: hasNextPage ? (trouble.isSame ? page : page + 1) : null,
  }
}

const skippedOf = (page: unknown, size: number) => (whole(page ?? 1, 1, 'page') - 1) * size

function whole(value: unknown, least: number, name: string): number {
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least) return number
  throw new Refused(`${name} is a whole number from ${least}.`)
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (value === undefined || value === null) return {}
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Refused(`${name} is an object.`)
}

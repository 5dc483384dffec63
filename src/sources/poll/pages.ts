import type { CompiledPoll } from '../../feed/poll.ts'
import type { CompiledPages } from '../../feed/poll-pages.ts'
import type { PageRequest } from './client.ts'
import { PageFailure, wrongAnswer } from './failure.ts'

/** Where a page is. Kept with what was applied, so as JSON. */
export type Place = {
  /** Counted from 0. */
  readonly index: number
  /** A number of a page, an offset, a cursor or an address; null for the first where it needs none. */
  readonly at: string | number | null
  /** How many items the first page had. */
  readonly full: number
}

/** What came of a page, as far as it says where the next one is. */
export type Came = {
  readonly body: Buffer
  readonly around: unknown
  readonly items: number
  readonly headers: Readonly<Record<string, string>>
}

export function firstPlace({ pages }: CompiledPoll): Place {
  const at = pages?.kind === 'page' || pages?.kind === 'offset' ? pages.from : null
  return { index: 0, at, full: 0 }
}

export function requestAt({ url, headers, body, pages }: CompiledPoll, { at }: Place): PageRequest {
  const asked = new URL(pages?.kind === 'link' || pages?.kind === 'url' ? (at ?? url) : url, url)
  if (body === undefined) {
    for (const [[name = ''], value] of parametersAt(pages, at)) asked.searchParams.set(name, String(value))
    return { url: asked, method: 'GET', headers }
  }
  const filled = parametersAt(pages, at).reduce((whole, [path, value]) => withValue(whole, path, value), body)
  const json = { ...headers, 'content-type': 'application/json' }
  return { url: asked, method: 'POST', headers: json, body: JSON.stringify(filled) }
}

/** The place that follows, where that is known before the page has come. */
export function foreseen(pages: CompiledPages | undefined, { index, at, full }: Place): Place | undefined {
  if (pages === undefined || pages.atOnce === 1 || typeof at !== 'number') return undefined
  return { index: index + 1, at: at + (pages.kind === 'page' ? 1 : (pages.limit?.size ?? 0)), full }
}

/** The place that follows a page; undefined behind the last. Raises SOURCE_ANSWER. */
export function placeAfter(pages: CompiledPages | undefined, place: Place, came: Came): Place | undefined {
  if (pages === undefined) return undefined
  const full = place.index === 0 ? came.items : place.full
  const at = hasMore(pages, came, full) ? nextAt(pages, place, came) : undefined
  if (at === undefined) return undefined
  const index = place.index + 1
  if (index >= pages.max) throw new PageFailure('SOURCE_ANSWER', `has more than ${pages.max} pages`)
  return { index, at, full }
}

function hasMore({ kind, more, next }: CompiledPages, { around, items, body }: Came, full: number): boolean {
  if (more !== undefined) {
    const value = valueAt(around, more)
    if (typeof value === 'boolean') return value
    throw wrongAnswer(`says at ${more.join('.')} neither true nor false`, body)
  }
  // A page that isn't full is the last; of the first, which may be cut to less than was asked for, nobody knows.
  return kind === 'link' || next !== undefined || (items > 0 && items >= full)
}

function nextAt(pages: CompiledPages, place: Place, came: Came): string | number | undefined {
  const { kind, next, more } = pages
  if (kind === 'link') return linkIn(came.headers.link)
  if (next === undefined) return Number(place.at) + (kind === 'page' ? 1 : came.items)
  const value = valueAt(came.around, next)
  const isNothing = value === undefined || value === null || value === ''
  if (isNothing && more === undefined) return undefined
  // A number that JSON readers round names another page.
  const isNumber = typeof value === 'number' && (!Number.isInteger(value) || Number.isSafeInteger(value))
  const fits =
    kind === 'page' ? Number.isSafeInteger(value) : typeof value === 'string' || (kind === 'cursor' && isNumber)
  if (isNothing || !fits) throw wrongAnswer(`says at ${next.join('.')} nothing that names the next page`, came.body)
  return value as string | number
}

/** RFC 8288: `<https://api.example/things?page=2>; rel="next"`. */
function linkIn(header: string | undefined): string | undefined {
  for (const [, address, parameters = ''] of (header ?? '').matchAll(/<([^>]*)>((?:\s*;[^,<"]*(?:"[^"]*")?)*)/g))
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters)) return address
  return undefined
}

type Parameter = readonly [path: readonly string[], value: string | number]

function parametersAt(pages: CompiledPages | undefined, at: Place['at']): Parameter[] {
  const limit = pages?.limit === undefined ? [] : [[pages.limit.parameter, pages.limit.size] as const]
  if (pages === undefined || at === null) return limit
  // An address has its parameters in it.
  return pages.kind === 'url' || pages.kind === 'link' ? [] : [...limit, [pages.parameter, at]]
}

const valueAt = (around: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => {
    const isThere = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
    return isThere ? (inner as Record<string, unknown>)[name] : undefined
  }, around)

type Fields = Readonly<Record<string, unknown>>

function withValue(whole: Fields, [name = '', ...rest]: readonly string[], value: unknown): Fields {
  if (rest.length === 0) return { ...whole, [name]: value }
  const inner = whole[name]
  return {
    ...whole,
    [name]: withValue(typeof inner === 'object' && inner !== null ? (inner as Fields) : {}, rest, value),
  }
}

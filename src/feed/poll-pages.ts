import type { Fault } from './fault.ts'

type Bounds = {
  /** The name of the parameter that says how many items a page may have, and how many that are. */
  readonly limit?: string
  readonly size?: number
  /** Where the answer says whether more follow: true or false. */
  readonly more?: string
  /** More pages than so many are a failed poll. Default 10,000. */
  readonly max?: number
}

/**
 * How the pages of an API follow one another. A parameter is one of the query, a place in the body (`options.page`), or a
 * variable of a GraphQL query. Without `more` and `next` the last page is the one that is empty, or has fewer items than the first.
 */
export type Pages = Bounds &
  (
    | {
        /** The parameter that has the page's number. */
        readonly page: string
        /** The first page's number; 1 unless told otherwise. */
        readonly from?: number
        /** Where the answer says the next page's number; nothing or null: there is none. */
        readonly next?: string
        /** Pages that are asked for side by side. */
        readonly atOnce?: number
      }
    | {
        /** The parameter that says how many items to leave out. */
        readonly offset: string
        readonly atOnce?: number
      }
    | {
        /** The parameter that has what the answer before said at `next`; nothing or null there: it was the last. */
        readonly cursor: string
        readonly next: string
      }
    | {
        /** The answer's `Link` header names the next page. */
        readonly link: true
      }
    | {
        /** Where the answer has the next page's address. */
        readonly url: string
      }
  )

/** The form that the rest of the program reads. */
export type CompiledPages = {
  readonly kind: 'page' | 'offset' | 'cursor' | 'link' | 'url'
  readonly parameter: readonly string[]
  readonly from: number
  readonly limit: { readonly parameter: readonly string[]; readonly size: number } | undefined
  readonly next: readonly string[] | undefined
  readonly more: readonly string[] | undefined
  readonly max: number
  readonly atOnce: number
}

export const PAGES_MAX = 10_000
const AT_ONCE_MAX = 16
const KINDS = ['page', 'offset', 'cursor', 'link', 'url'] as const

/** `inQuery`: parameters are those of a URL, whose names are taken as they are. */
export function compilePages(pages: Pages | undefined, inQuery: boolean): CompiledPages | undefined {
  if (pages === undefined) return undefined
  const declared = pages as Readonly<Record<string, unknown>>
  const kind = KINDS.find(one => declared[one] !== undefined) ?? 'page'
  const path = (value: unknown) => (typeof value === 'string' ? value.split('.') : undefined)
  const place = (name: unknown) => (inQuery ? [String(name)] : (path(name) ?? []))
  const { limit, size, max = PAGES_MAX } = pages
  return {
    kind,
    parameter: kind === 'link' || kind === 'url' ? [] : place(declared[kind]),
    from: kind === 'page' ? Number(declared.from ?? 1) : 0,
    limit: limit === undefined || size === undefined ? undefined : { parameter: place(limit), size },
    next: path(kind === 'url' ? declared.url : declared.next),
    more: path(pages.more),
    max,
    atOnce: Number(declared.atOnce ?? 1),
  }
}

export function pagesFaults(pages: unknown): Fault[] {
  if (pages === undefined) return []
  const faults: Fault[] = []
  const fault = (name: string, message: string) => void faults.push({ place: `source.pages${name}`, message })
  const declared = typeof pages === 'object' && pages !== null ? (pages as Readonly<Record<string, unknown>>) : {}
  const kinds = KINDS.filter(kind => declared[kind] !== undefined)
  if (kinds.length !== 1) fault('', `pages follow one another by one of ${KINDS.join(', ')}`)
  for (const name of ['page', 'offset', 'cursor', 'url', 'next', 'more', 'limit'])
    if (declared[name] !== undefined && !isName(declared[name])) fault(`.${name}`, 'expected a name')
  if (declared.cursor !== undefined && declared.next === undefined)
    fault('.next', 'expected where the answer says the next cursor, such as next: "meta.cursor"')
  const whole = (name: string, least: number, most: number) => {
    const value = declared[name]
    if (value !== undefined && !(Number.isInteger(value) && Number(value) >= least && Number(value) <= most))
      fault(`.${name}`, `expected a whole number from ${least} to ${most}`)
  }
  whole('from', 0, 1_000_000)
  whole('size', 1, 1_000_000)
  whole('max', 1, 1_000_000)
  whole('atOnce', 1, AT_ONCE_MAX)
  if ((declared.limit === undefined) !== (declared.size === undefined))
    fault('.limit', 'limit, a name, and size, a number, belong together')
  if (Number(declared.atOnce ?? 1) > 1) {
    const isForeseen = declared.page !== undefined ? declared.next === undefined : declared.offset !== undefined
    if (!isForeseen) fault('.atOnce', 'only pages whose places are known before can be asked for side by side')
    if (declared.offset !== undefined && declared.size === undefined)
      fault('.atOnce', 'offsets are known before only where limit and size are given')
  }
  return faults
}

const isName = (value: unknown) => typeof value === 'string' && value.split('.').every(part => part !== '')

/**
 * Cuts the items out of a page, each as the bytes that came: numbers stay exact, and nothing is written anew. What is
 * around them is parsed, and so is checked; the items are left to the engine, which refuses a broken one by itself.
 */
import { garbled } from './failure.ts'
import { OPEN_ARRAY, OPEN_OBJECT, Scan } from './scan.ts'

export type CutPage = {
  readonly items: readonly Buffer[]
  /** Where in the page the value of the name that was looked for begins, in each item; 0 where that can't be told. */
  readonly named: readonly number[]
  /** The page with an empty list where the items were. */
  readonly around: unknown
}

/**
 * The items at a path of names: the elements of a list, or one object. `name`: of a value in each item whose place is told.
 * Raises SOURCE_ANSWER where the page isn't such.
 */
export function cutItems(page: Buffer, path: readonly string[], name?: string): CutPage {
  const scan = new Scan(page, name)
  for (const name of path) if (!scan.enter(name)) throw missing(page, path)
  const start = scan.space()
  const first = page[start]
  if (first !== OPEN_ARRAY && first !== OPEN_OBJECT) throw missing(page, path)
  const items = first === OPEN_ARRAY ? scan.elements() : [scan.value()]
  const rest = [page.subarray(0, start), Buffer.from('[]'), page.subarray(scan.at)]
  return { items, named: scan.named, around: parsed(Buffer.concat(rest), page) }
}

function parsed(around: Buffer, page: Buffer): unknown {
  try {
    return JSON.parse(around.toString('utf8').replace(/^\ufeff/, ''))
  } catch {
    throw garbled('is not JSON', page)
  }
}

function missing(page: Buffer, path: readonly string[]) {
  // What isn't JSON at all is told so first.
  const value = path.reduce<unknown>(
    (inner, name) => (inner as Record<string, unknown> | null | undefined)?.[name],
    parsed(page, page),
  )
  const place = path.length === 0 ? 'the answer' : path.join('.')
  const found = value === undefined ? 'missing' : value === null ? 'null' : `a ${typeof value}`
  return garbled(`${place} is ${found}, and should be a list`, page)
}

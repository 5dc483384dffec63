/** One place that differs: a value that appears has no `from`, one that vanishes no `to`. */
export type Difference = { readonly pointer: string; readonly from?: unknown; readonly to?: unknown }

/** What differs between two JSON values, place by place (JSON Pointer), in the order of the names; lists by their places. */
export function differences(from: unknown, to: unknown): Difference[] {
  const found: Difference[] = []
  compare(from, to, '', found)
  return found
}

function compare(from: unknown, to: unknown, pointer: string, found: Difference[]): void {
  // Not Object.is: 0 and -0 are one number.
  if (from === to) return
  if (!isNested(from) || !isNested(to) || Array.isArray(from) !== Array.isArray(to)) {
    found.push({ pointer, from, to })
    return
  }
  for (const name of namesOf(from, to)) {
    const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!Object.hasOwn(to, name)) found.push({ pointer: place, from: from[name] })
    else if (!Object.hasOwn(from, name)) found.push({ pointer: place, to: to[name] })
    else compare(from[name], to[name], place, found)
  }
}

type Nested = Readonly<Record<string, unknown>>

const isNested = (value: unknown): value is Nested => typeof value === 'object' && value !== null

/** A list's places in their order, an object's names by code unit: it doesn't matter in which order they came. */
function namesOf(from: Nested, to: Nested): string[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])]
  return Array.isArray(from) ? names : names.sort()
}

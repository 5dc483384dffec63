import type { Json } from '../data/document.ts'
import { Refused } from '../refused.ts'

/** The value at a path such as `links.article`; undefined where there is none. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => {
    return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
      ? (inner as Record<string, unknown>)[name]
      : undefined
  }, value)
}

/** Keeps some fields, or leaves some out: `'name date_utc'`, `'-links'`, `['name']` or `{"name": 1}`. The id always stays. */
export function selector(select: unknown): (document: Json) => Json {
  const paths = pathsOf(select)
  const kept = paths.filter(path => !path.startsWith('-'))
  const left = paths.filter(path => path.startsWith('-')).map(path => path.slice(1))
  if (kept.length > 0 && left.length > 0) throw new Refused('select keeps fields or leaves some out, not both.')
  if (kept.length > 0) return document => only(document, [...kept, 'id']) as Json
  return left.length === 0 ? document => document : document => without(document, left) as Json
}

function pathsOf(select: unknown): string[] {
  if (select === undefined || select === null) return []
  if (typeof select === 'string') return select.split(/\s+/).filter(path => path !== '')
  if (Array.isArray(select)) return select.map(String)
  if (typeof select !== 'object') throw new Refused('select is a text, a list or an object.')
  return Object.entries(select).map(([path, value]) => (value === 0 || value === false ? `-${path}` : path))
}

type Inner = { readonly name: string; readonly inner: readonly string[]; readonly isWhole: boolean }

/** `['a', 'b.c', 'b.d']` → `a` whole, and of `b` the inner paths `c` and `d`. */
function grouped(paths: readonly string[]): Inner[] {
  const names = [...new Set(paths.map(path => path.split('.', 1)[0] ?? ''))]
  return names.map(name => ({
    name,
    inner: paths.filter(path => path.startsWith(`${name}.`)).map(path => path.slice(name.length + 1)),
    isWhole: paths.includes(name),
  }))
}

function only(value: unknown, paths: readonly string[]): unknown {
  if (!isObject(value)) return value
  const groups = new Map(grouped(paths).map(group => [group.name, group]))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => groups.has(name))
      .map(([name, inside]) => {
        const group = groups.get(name)
        return [name, group === undefined || group.isWhole ? inside : only(inside, group.inner)]
      }),
  )
}

function without(value: unknown, paths: readonly string[]): unknown {
  if (!isObject(value)) return value
  const groups = new Map(grouped(paths).map(group => [group.name, group]))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => groups.get(name)?.isWhole !== true)
      .map(([name, inside]) => [name, without(inside, groups.get(name)?.inner ?? [])]),
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

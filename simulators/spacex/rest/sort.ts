import type { Json } from '../data/document.ts'
import { Refused } from '../refused.ts'
import { at } from './select.ts'

type Key = { readonly path: string; readonly direction: 1 | -1 }

/** Orders as Mongoose is told to: `'-date_utc name'`, or `{"date_utc": "desc", "name": 1}`. Equal ones keep their order. */
export function sorted<Document extends Json>(documents: readonly Document[], sort: unknown): readonly Document[] {
  const keys = keysOf(sort)
  if (keys.length === 0) return documents
  return documents.toSorted((a, b) => {
    for (const { path, direction } of keys) {
      const order = compare(at(a, path), at(b, path))
      if (order !== 0) return order * direction
    }
    return 0
  })
}

function keysOf(sort: unknown): Key[] {
  if (sort === undefined || sort === null) return []
  if (typeof sort === 'string')
    return sort
      .split(/\s+/)
      .filter(word => word !== '')
      .map(word => (word.startsWith('-') ? { path: word.slice(1), direction: -1 } : { path: word, direction: 1 }))
  if (typeof sort !== 'object' || Array.isArray(sort)) throw new Refused('sort is a text or an object.')
  return Object.entries(sort).map(([path, value]) => ({ path, direction: directionOf(value) }))
}

const DIRECTIONS = new Map<unknown, 1 | -1>([
  [1, 1],
  ['1', 1],
  ['asc', 1],
  ['ascending', 1],
  [-1, -1],
  ['-1', -1],
  ['desc', -1],
  ['descending', -1],
])

function directionOf(value: unknown): 1 | -1 {
  const direction = DIRECTIONS.get(value)
  if (direction === undefined) throw new Refused("sort's directions are asc and desc.")
  return direction
}

/** Nothing first, as MongoDB has it; then numbers, texts, and all else. */
const RANKS = ['undefined', 'number', 'string', 'object', 'boolean']

function compare(a: unknown, b: unknown): number {
  const rank = rankOf(a) - rankOf(b)
  if (rank !== 0) return rank
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [String(a), String(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

const rankOf = (value: unknown) => RANKS.indexOf(typeof (value ?? undefined))

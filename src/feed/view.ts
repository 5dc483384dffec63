import { createHash } from 'node:crypto'
import type { Fault } from './fault.ts'
import { IDENTIFIER, nameOf, type Relation, relationOf } from './relation.ts'
import { parseDurationMs } from './time.ts'

/** SQL over tables, under a name in PostgreSQL. */
export type View = {
  /** One `select`. What it names without a schema is in `public`. */
  readonly sql: string
  /** Where the API serves it: `{"size", "data"}`. */
  readonly path?: string
  /** Columns that are unique together; the order of pages, and of a refreshed view. */
  readonly key?: readonly string[]
  /** Served page by page: `?skip=0&limit=100`. Needs a `key`. */
  readonly paging?: boolean
  /** How often its rows are computed, such as `'60s'`; without it at each reading. Needs a `key`. */
  readonly refresh?: string
  /** The same `select` in Trino's words, over `postgresql.…` and `kafka.…`; for `generate trino`, which without it reads the view itself. */
  readonly trino?: string
}

export type CompiledView = Relation & {
  readonly sql: string
  readonly path: string | undefined
  readonly key: readonly string[]
  readonly isPaged: boolean
  readonly refreshMs: number | undefined
  readonly trino: string | undefined
  /** Changes when the view has to be made anew. */
  readonly digest: string
}

/** More often it would do nothing else. */
const REFRESH_MS_MIN = 1_000

export function compileView(fullName: string, view: View, faults: Fault[]): CompiledView {
  const fault = (at: string, message: string) => void faults.push({ place: `views.${fullName}.${at}`, message })
  const relation = relationOf('view', fullName, faults)
  const key = (view.key ?? []).map(column => column.toLowerCase())
  for (const column of key) if (!IDENTIFIER.test(column)) fault('key', `${column} is no column's name`)
  if (view.paging === true && key.length === 0) fault('paging', 'pages are in the order of a key: name its columns')
  if (view.paging === true && view.path === undefined) fault('paging', 'a view without a path is not served')
  const refreshMs = view.refresh === undefined ? undefined : parseDurationMs(view.refresh)
  if (view.refresh !== undefined && (refreshMs ?? 0) < REFRESH_MS_MIN)
    fault('refresh', "expected a number and a unit, from '1s' on, such as '60s'")
  if (view.refresh !== undefined && key.length === 0)
    fault('refresh', 'rows are replaced one by one, by a key: name its columns')
  const [sql, trino] = [queryOf(view.sql), view.trino === undefined ? undefined : queryOf(view.trino)]
  const parts = JSON.stringify([sql, key, refreshMs === undefined])
  const digest = createHash('sha256').update(parts).digest('hex')
  return { ...relation, sql, path: view.path, key, isPaged: view.paging === true, refreshMs, trino, digest }
}

const queryOf = (sql: string): string => sql.trim().replace(/\s*;$/, '')

/** Names that are taken already: views share them with tables. */
export function nameFaults(tables: readonly Relation[], views: readonly Relation[]): Fault[] {
  const taken = new Set(tables.map(nameOf))
  return views.flatMap(view => {
    const name = nameOf(view)
    if (taken.has(name)) return [{ place: `views.${name}`, message: 'there is a table or a view of this name' }]
    taken.add(name)
    return []
  })
}

type Fields = Readonly<Record<string, unknown>>

/** The bare form of declared views. */
export function viewFormFaults(views: unknown): Fault[] {
  if (views === undefined) return []
  if (typeof views !== 'object' || views === null)
    return [{ place: 'views', message: 'views are an object, by their names' }]
  return Object.entries(views).flatMap(([name, view]: [string, unknown]) => {
    const fault = (at: string, message: string) => [{ place: `views.${name}${at}`, message }]
    if (typeof view !== 'object' || view === null) return fault('.sql', 'a view has its SQL')
    const { sql, key, paging, ...texts } = view as Fields
    if (typeof sql !== 'string' || sql.trim() === '') return fault('.sql', 'a view has its SQL')
    if (key !== undefined && !(Array.isArray(key) && key.every(column => typeof column === 'string')))
      return fault('.key', "expected columns' names, such as ['year']")
    if (paging !== undefined && typeof paging !== 'boolean') return fault('.paging', 'expected true or false')
    const wrong = (['path', 'refresh', 'trino'] as const).find(
      one => !['string', 'undefined'].includes(typeof texts[one]),
    )
    return wrong === undefined ? [] : fault(`.${wrong}`, 'expected a text')
  })
}

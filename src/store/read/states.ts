import type { SortField, Standing, StateValue } from '../../feed/state.ts'
import { PAGE_BYTES_MAX, type Page, type Query, type Row } from './query.ts'

export type SortValue = string | number | boolean | null
/** After which row a page begins: the value it is sorted by, and its key. */
export type StatesAfter = { readonly value: SortValue; readonly key: string }
export type StatesPage = {
  readonly feed: string
  readonly sort: SortField
  readonly isDescending: boolean
  readonly limit: number
  readonly after: StatesAfter | undefined
}

// The highest number applied: numbers that were voided behind it don't count.
export const LAST = `case when k.spans is null then k.frontier else coalesce(
  (select (v ->> 0)::bigint - 1 from jsonb_array_elements(k.spans -> 'voided') as v where (v ->> 1)::bigint = k.frontier),
  k.frontier) end`
export const COMPLETE = `coalesce(jsonb_array_length(k.spans -> 'missing'), 0) = 0`
/** The columns of a standing, of `k`. */
export const STANDING = `k.key, ${LAST} as last, k.time, k.state, ${COMPLETE} as complete`
// A key is known once something of it was applied; before that everything of it is held.
const FROM = `from groundstation.key k
  where k.feed = (select id from groundstation.feed where name = $1) and k.events > 0 and k.frontier > 0`

/**
 * States in the order of one field, ties by key. Text is ordered by code point; what is missing comes last both ways. A page ends
 * where its bytes do; it has one state in any case.
 */
export async function listStates(
  query: Query,
  { feed, sort, isDescending, limit, after }: StatesPage,
): Promise<Page<Standing> & { readonly last: StatesAfter | undefined }> {
  const value = expressionOf(sort)
  const values: unknown[] = [feed, limit + 1]
  let beyond = ''
  if (after?.value === null) {
    beyond = `and ${value} is null and k.key > $3`
    values.push(after.key)
  } else if (after !== undefined) {
    const bound = `$4::${TYPES[sort.kind]}`
    beyond = `and (${value} ${isDescending ? '<' : '>'} ${bound} or (${value} = ${bound} and k.key > $3) or ${value} is null)`
    values.push(after.key, after.value)
  }
  const { rows } = await query(
    `select key, last, time, complete, sorted, case when before < ${PAGE_BYTES_MAX} then body end as body from (
       select *, sum(octet_length(body)) over (order by place) - octet_length(body) as before from (
         select *, coalesce(state::text, '{}') as body, row_number() over () as place from (
           select ${STANDING}, ${value} as sorted ${FROM} ${beyond}
           order by ${value} ${isDescending ? 'desc' : 'asc'} nulls last, k.key limit $2
         ) as chosen
       ) as told
     ) as sized order by place`,
    values,
  )
  const large = rows.findIndex(({ body }) => body === null)
  const end = Math.min(limit, large === -1 ? rows.length : large)
  const items = rows.slice(0, end)
  const last = items.at(-1)
  return {
    items: items.map(({ body, ...row }) => standingOf({ ...row, state: JSON.parse(String(body)) })),
    hasMore: rows.length > end,
    last: last === undefined ? undefined : { value: last.sorted as SortValue, key: String(last.key) },
  }
}

export async function findState(query: Query, feed: string, key: string): Promise<Standing | undefined> {
  const { rows } = await query(`select ${STANDING} ${FROM} and k.key = $2`, [feed, key], 'read-state')
  return rows[0] === undefined ? undefined : standingOf(rows[0])
}

export const standingOf = (row: Row): Standing => ({
  key: String(row.key),
  sequence: Number(row.last),
  time: row.time as string | null,
  complete: row.complete === true,
  state: (row.state ?? {}) as StateValue,
})

const TYPES: Readonly<Record<SortField['kind'], string>> = { text: 'text', number: 'numeric', boolean: 'boolean' }

/** Numbers are compared as decimals, to the last digit. A name is quoted, though the declaration has checked it. */
function expressionOf({ of, name, kind }: SortField): string {
  if (of === 'key') return 'k.key'
  if (of === 'sequence') return `(${LAST})`
  if (of === 'time') return 'k.time'
  const field = `'${name.replaceAll("'", "''")}'`
  if (kind === 'text') return `((k.state ->> ${field}) collate "C")`
  // An older declaration may have folded another type, or this one may allow several: those are as if they were missing.
  return `case when jsonb_typeof(k.state -> ${field}) = '${kind}' then (k.state ->> ${field})::${TYPES[kind]} end`
}

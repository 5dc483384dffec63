import { GroundstationError, messageOf } from '../../errors.ts'
import { nameOf } from '../../feed/relation.ts'
import type { CompiledView } from '../../feed/view.ts'
import { failureKind } from '../store.ts'

type PgError = { readonly code?: string; readonly hint?: string; readonly detail?: string; readonly position?: string }

// What these say may quote a row's values.
const OF_DATA = /^(22|23|P0)/

/** PostgreSQL's words for a statement that failed over rows; its code alone where the words may have values in them. */
export function problemOf(error: unknown): string {
  const { code = '' } = error as PgError
  return OF_DATA.test(code) ? `PostgreSQL refused a value (SQLSTATE ${code})` : `${messageOf(error)} (SQLSTATE ${code})`
}

/** A view that PostgreSQL doesn't take as declared: which, why, and the line of its SQL. `start` is where that begins. */
export function refusedView(feed: string, view: CompiledView, error: unknown, start: number): unknown {
  const { code, hint, detail, position } = error as PgError
  if (error instanceof GroundstationError || code === undefined || !['data', 'other'].includes(failureKind(error)))
    return error
  const before = view.sql.slice(0, Math.max(0, Number(position ?? 0) - start))
  const place = position === undefined ? '' : `, in line ${before.split('\n').length} of its SQL`
  // Only of objects and columns: a detail of data would show it.
  const more = /^(42|2B|0A)/.test(code) ? [hint, detail].filter(one => one !== undefined).map(one => `. ${one}`) : []
  return new GroundstationError(
    'DECLARATION_INVALID',
    `The view ${nameOf(view)} of the feed ${feed} can't be made${place}: ${problemOf(error)}${more.join('')}`,
    { cause: error, at: `views.${nameOf(view)}` },
  )
}

/** Whether what a view reads isn't there. */
export const lacksRelation = (error: unknown): boolean => codeOf(error) === '42P01'

/** PostgreSQL's, also of an error that tells it in words. */
export function codeOf(error: unknown): unknown {
  const { cause, code } = error as { cause?: unknown; code?: unknown }
  return cause === undefined ? code : codeOf(cause)
}

export type Row = Record<string, unknown>

/**
 * Runs one statement. int8 comes back as number, jsonb parsed, bytea as Buffer; times are formatted by the statements.
 * `name` keeps the statement prepared.
 */
export type Query = (text: string, values: readonly unknown[], name?: string) => Promise<{ rows: Row[] }>

/** A list's page: as many rows as were asked for at most, and whether more follow. */
export type Page<Item> = { readonly items: readonly Item[]; readonly hasMore: boolean }

/** Of one row more than asked for. */
export function pageOf<Item>(items: readonly Item[], limit: number): Page<Item> {
  return { items: items.slice(0, limit), hasMore: items.length > limit }
}

/** A timestamptz as RFC 3339 text with microseconds, in UTC. */
export const rfc3339 = (expression: string): string =>
  `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** The id of the feed whose name is the statement's first value. */
export const FEED_ID = '(select id from groundstation.feed where name = $1)'

/** What the rows of one page may hold together. */
export const PAGE_BYTES_MAX = 8 * 1024 * 1024

import type { Missing } from '../store/verify/record.ts'

/** Where something differs: a table is named `table:schema.name`. */
export type Place =
  | 'record'
  | 'lane'
  | 'key'
  | 'cursor'
  | 'held'
  | 'dead letters'
  | 'snapshot'
  | 'state'
  | 'time'
  | 'seen'
  | 'numbers'
  | `table:${string}`

export type Difference = {
  readonly place: Place
  readonly what: 'changed' | 'added' | 'removed' | 'repeated' | 'folded by an older declaration: replay'
  readonly key?: string
  readonly sequence?: number
  /** What the record says. */
  readonly expected?: unknown
  /** What is there. */
  readonly found?: unknown
}

export type VerifyReport = Missing & {
  readonly feed: string
  readonly events: number
  readonly keys: number
  /** Rows that the tables should hold. */
  readonly rows: number
  /** The first of them. */
  readonly differences: readonly Difference[]
  readonly differenceCount: number
}

/** Keeps the first differences, and counts them all. */
export class Differences {
  readonly named: Difference[] = []
  count = 0
  readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(difference: Difference): void {
    this.count++
    if (this.named.length < this.limit) this.named.push(difference)
  }

  /** More of a kind of which only some were read. */
  addUnnamed(count: number): void {
    this.count += count
  }
}

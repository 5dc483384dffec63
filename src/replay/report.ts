import type { CompiledFeed } from '../feed/compile.ts'
import type { Store } from '../store/store.ts'

export type ReplayProgress = { readonly step: string; readonly done: number; readonly of: number }

export type ReplayOptions = {
  readonly store: Store
  readonly feed: CompiledFeed
  /** Only this key. */
  readonly key?: string
  /** Folds from the last snapshot below this number; what lies before is trusted. */
  readonly from?: number
  readonly only?: 'tables' | 'state'
  /** Changes nothing, and says what would. */
  readonly dry?: boolean
  readonly onProgress?: (progress: ReplayProgress) => void
}

export type TableReplay = { readonly table: string; readonly inserted: number; readonly deleted: number }

export type ReplayReport = {
  readonly feed: string
  readonly dry: boolean
  /** Keys that were folded again. */
  readonly keys: number
  /** Keys whose cursor, state, snapshots or letters came out otherwise than they were. */
  readonly keysChanged: number
  readonly keysRestored: number
  readonly keysRemoved: number
  readonly tables: readonly TableReplay[]
  /** Tables that don't hold the key, and so can't be rebuilt for one key alone. */
  readonly tablesSkipped: readonly string[]
}

/** What is counted on the way. */
export class ReplayCounts {
  keys = 0
  keysChanged = 0
  keysRestored = 0
  keysRemoved = 0
  readonly tablesSkipped: string[] = []
  readonly #tables = new Map<string, { inserted: number; deleted: number }>()

  addRows(table: string, inserted: number, deleted: number): void {
    const known = this.#tables.get(table)
    this.#tables.set(table, {
      inserted: (known?.inserted ?? 0) + inserted,
      deleted: (known?.deleted ?? 0) + deleted,
    })
  }

  reportOf(feed: string, dry: boolean): ReplayReport {
    const { keys, keysChanged, keysRestored, keysRemoved, tablesSkipped } = this
    const tables = [...this.#tables].map(([table, counts]) => ({ table, ...counts }))
    return { feed, dry, keys, keysChanged, keysRestored, keysRemoved, tables, tablesSkipped }
  }
}

import type { CompiledFeed } from '../feed/compile.ts'
import type { KeyMemory } from '../sequencer/key-memory.ts'
import type { RowsMode } from '../store/binary-rows.ts'
import type { StoredFeed } from '../store/feed.ts'
import type { Client } from '../store/store.ts'
import type { Opened } from '../store/write/lanes.ts'
import { Effects } from './effects.ts'
import type { EventWork } from './work.ts'

/** What the steps of one batch share: a transaction with its lanes locked, and what is decided so far. */
export type Batch = {
  readonly feed: CompiledFeed
  readonly stored: StoredFeed
  readonly client: Client
  readonly opened: Opened
  /** By lane; only of lanes whose version proved that it can be trusted. */
  readonly memories: ReadonlyMap<number, KeyMemory>
  readonly effects: Effects
  /** A few rows share round trips on a pipelined connection; many are copied. */
  readonly mode: RowsMode
}

export const newBatch = (parts: Omit<Batch, 'effects' | 'mode'> & { readonly mode?: RowsMode }): Batch => ({
  mode: 'copy',
  ...parts,
  effects: new Effects(),
})

/** When an event came in, never after it was recorded: the clock that said so may be another's. */
export const arrivalOf = ({ opened }: Batch, work: EventWork): number =>
  work.arrivedMicros === undefined ? opened.nowMicros : Math.min(work.arrivedMicros, opened.nowMicros)

/** The batch's arrival, in milliseconds of the database's clock. */
export const nowMsOf = (batch: Batch): number => batch.opened.nowMicros / 1000

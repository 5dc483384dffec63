import type { StateValue } from '../feed/state.ts'
import type { Key } from '../sequencer/key.ts'
import type { Facts } from '../store/facts.ts'
import type { HeldRow } from '../store/write/held.ts'
import type { ClosedHole } from '../store/write/holes.ts'
import type { Letter } from '../store/write/letters.ts'
import type { Seen } from '../store/write/seen.ts'
import type { SnapshotRow } from '../store/write/snapshots.ts'
import type { SourceChange } from '../store/write/sources.ts'
import type { Headers, Outcome } from './contract.ts'
import type { Skip } from './skips.ts'
import type { EventWork, RefusedWork, Work } from './work.ts'

/** An event that goes on the record in this batch. */
export type Applied = {
  readonly lane: number
  readonly keyId: number | undefined
  readonly sequence: number
  readonly raw: Buffer
  readonly event: unknown
  readonly type: string
  readonly time: string | null
  /** When it arrived; earlier than the batch where it was held before. */
  readonly arrivedMicros: number
  readonly source: number | undefined
  readonly offset: number | undefined
  /** Belongs below what was applied before; the newest row of its key stays. */
  readonly isLate: boolean
  /** Where an alert looks at the state after this event: the fold puts it here. */
  after?: { state: StateValue | undefined }
  /** Of the post that it came with. */
  readonly headers?: Headers | undefined
  facts: Record<string, Facts[string]> | undefined
  /** Given when the batch is written. */
  position: number
}

/** A key that must be folded again, from below `from`. */
export type Refold = { readonly key: MutableKey; readonly from: number }

/** A key as this batch leaves it; the process's memory takes it over only once the batch is committed. */
export type MutableKey = { -readonly [Name in keyof Key]: Key[Name] } & { isNew: boolean }

export type PendingLetter = Omit<Letter, 'count'> & {
  readonly works: (EventWork | RefusedWork)[]
  readonly outcomeOf: (id: number) => Outcome
  /** Takes its number when it is written. */
  readonly onId?: (id: number) => void
}

/** All that a batch will write, decided before the first row is. */
export class Effects {
  readonly applied: Applied[] = []
  readonly keys: MutableKey[] = []
  readonly refolds: Refold[] = []
  readonly held: HeldRow[] = []
  readonly closedHoles: ClosedHole[] = []
  readonly snapshots: SnapshotRow[] = []
  readonly seen: Seen[] = []
  readonly letters: PendingLetter[] = []
  readonly replayedLetters: number[] = []
  readonly dismissedLetters: number[] = []
  /** Of events that are on the record and were skipped: closed by the fold that takes them, and by no repeat. */
  readonly foldLetters = new Set<number>()
  /** Keys whose latest rows are taken from the record, whatever came in this batch. */
  readonly unsettled = new Set<number>()
  /** How far each log is in, by its number. */
  readonly sources = new Map<number, SourceChange>()
  /** Keys given out by lane in this batch. */
  readonly newKeys = new Map<number, number>()
  readonly notes: string[] = []
  /** Events that the fold failed on. */
  readonly skips: Skip[] = []

  /** Whether a key of the batch's lanes is another afterwards, or something of theirs is on the record that wasn't. */
  get changesKeys(): boolean {
    return this.keys.length + this.applied.length + this.refolds.length + this.newKeys.size > 0
  }
}

export const isEvent = (work: Work): work is EventWork => work.kind === 'event'

import type { CompiledFeed } from '../feed/compile.ts'
import { parseExactly } from '../feed/exact.ts'
import { canonical, digestOf } from '../feed/same.ts'
import type { StateValue } from '../feed/state.ts'
import type { HeldRow, KeyRow, LetterRow, RecordRow, SnapshotRow } from '../store/verify/sources.ts'
import type { Folding } from './fold.ts'
import type { IsLater } from './later.ts'
import { valueAt } from './lines.ts'
import { cursorBy, Numbers, numbersOf } from './numbers.ts'
import type { Difference, Differences } from './report.ts'

export type KeyParts = {
  readonly feed: CompiledFeed
  readonly differences: Differences
  readonly row: KeyRow
  readonly held: readonly HeldRow[]
  readonly letters: readonly LetterRow[]
  readonly snapshots: readonly SnapshotRow[]
  /** The declaration at hand folded this key. */
  readonly isCurrent: boolean
  readonly isLater: IsLater
}

/** One key: what its row says beside what its record says. */
export class KeyCheck {
  readonly row: KeyRow
  readonly folding: Folding | undefined
  readonly #parts: KeyParts
  readonly #recorded = new Numbers()
  readonly #snapshots: Map<number, SnapshotRow>
  #events = 0
  #last: { row: RecordRow; event: unknown } | undefined
  /** What the key's row in a table of latest versions is made of. */
  #latest: { event: unknown } | undefined

  constructor(parts: KeyParts) {
    this.#parts = parts
    this.row = parts.row
    this.#snapshots = new Map(parts.snapshots.map(snapshot => [snapshot.sequence, snapshot]))
    const { state } = parts.feed
    if (state === undefined || !parts.isCurrent) return
    this.folding = {
      state: state.initial,
      skipped: [],
      timedOut: new Set(parts.letters.filter(letter => letter.isTimeout).map(letter => letter.sequence)),
      reached: sequence => this.#checkSnapshot(sequence),
    }
  }

  get hasEvents(): boolean {
    return this.#last !== undefined
  }

  /** The key's next event. False where its number was in already. */
  take(row: RecordRow, event: unknown): boolean {
    const { feed } = this.#parts
    const { key, lane } = this.row
    if (!this.#recorded.take(row.sequence)) {
      this.#differ({ place: 'record', what: 'repeated', sequence: row.sequence })
      return false
    }
    this.#last = { row, event }
    if (this.#latest === undefined || this.#parts.isLater(event, this.#latest.event)) this.#latest = { event }
    const number = feed.identity.kind === 'sequenced' ? valueAt(event, feed.identity.sequencePath) : row.sequence
    if (number !== row.sequence)
      this.#differ({ place: 'record', what: 'changed', sequence: row.sequence, found: { sequence: number } })
    const named = String(valueAt(event, feed.identity.keyPath))
    if (named !== key && named.toLowerCase() !== key)
      this.#differ({ place: 'record', what: 'changed', sequence: row.sequence, found: { key: named } })
    if (row.lane !== lane)
      this.#differ({
        place: 'record',
        what: 'changed',
        sequence: row.sequence,
        expected: { lane },
        found: { lane: row.lane },
      })
    return true
  }

  /** All of the key's events are in and folded. */
  finish(): void {
    const { row } = this
    if (this.#recorded.count === 0 && this.#parts.held.length === 0 && row.frontier === 0 && row.spans === null)
      return this.#differ({ place: 'key', what: 'added' })
    this.#checkCursor()
    const time = this.#last === undefined ? null : valueAt(this.#last.event, this.#parts.feed.identity.timePath)
    this.#compare('time', typeof time === 'string' ? time : null, row.time)
    if (this.#parts.feed.identity.kind === 'snapshot' && this.#last !== undefined) {
      const digest = digestOf(parseExactly(this.#last.row.raw)).toString('hex')
      this.#compare('cursor', { digest }, { digest: row.digest?.toString('hex') ?? null })
    }
    if (this.#parts.isCurrent && this.#latest !== undefined) this.#checkRank(this.#latest.event)
    this.#checkState()
  }

  #checkRank(latest: unknown): void {
    const rank = this.#parts.feed.identity.rankOf?.(latest)
    this.#compare('cursor', { rank: rank?.toString('hex') ?? null }, { rank: this.row.rank?.toString('hex') ?? null })
  }

  #checkCursor(): void {
    const { feed, held, letters } = this.#parts
    const { row } = this
    const isSequenced = feed.identity.kind === 'sequenced'
    const dismissed = letters.filter(({ reason }) => reason !== 'fold').map(({ sequence }) => sequence)
    const by = cursorBy(this.#recorded, numbersOf(held.map(({ sequence }) => sequence)), isSequenced ? dismissed : [])
    const pairs = (spans: readonly (readonly number[])[] | undefined) =>
      (spans ?? []).map(([from, to]) => [from, to]).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
    const found = {
      frontier: row.frontier,
      missing: pairs(row.spans?.missing),
      voided: pairs(row.spans?.voided),
      held: pairs(row.spans?.held),
    }
    // In a sparse feed nothing is missing or voided but from before it was declared so.
    const top = this.#recorded.top
    const expected = feed.identity.isSparse
      ? { ...by, frontier: found.frontier > top ? by.frontier : top, missing: found.missing, voided: found.voided }
      : by
    this.#compare('cursor', expected, found)
    this.#compare('cursor', { events: this.#recorded.count }, { events: row.events })
    this.#checkSince()
  }

  /** Each held span is known since the first of it arrived. */
  #checkSince(): void {
    const { held } = this.#parts
    const spans = this.row.spans?.held ?? []
    for (const [from, to, since] of spans) {
      const arrived = Math.min(
        ...held.filter(({ sequence }) => sequence >= from && sequence <= to).map(one => one.arrivedMs),
      )
      if (Number.isFinite(arrived) && Math.abs(arrived - since) > 1)
        this.#differ({ place: 'held', what: 'changed', sequence: from, expected: { since: arrived }, found: { since } })
    }
    const first = spans.length === 0 ? null : Math.min(...spans.map(([, , since]) => since))
    const found = this.row.waitingSinceMs
    if ((first === null) !== (found === null) || Math.abs((first ?? 0) - (found ?? 0)) > 1)
      this.#differ({
        place: 'cursor',
        what: 'changed',
        expected: { waitingSince: first },
        found: { waitingSince: found },
      })
  }

  #checkState(): void {
    const { feed, isCurrent, letters } = this.#parts
    if (feed.state === undefined) return
    if (!isCurrent) return this.#differ({ place: 'state', what: 'folded by an older declaration: replay' })
    const { folding } = this
    if (folding === undefined) return
    this.#compare('state', stored(folding.state), this.row.state)
    for (const sequence of this.#snapshots.keys()) this.#differ({ place: 'snapshot', what: 'added', sequence })
    const skipped = new Set(folding.skipped)
    const said = new Set(letters.filter(({ reason }) => reason === 'fold').map(({ sequence }) => sequence))
    for (const sequence of skipped)
      if (!said.has(sequence)) this.#differ({ place: 'dead letters', what: 'removed', sequence })
    for (const sequence of said)
      if (!skipped.has(sequence)) this.#differ({ place: 'dead letters', what: 'added', sequence })
  }

  #checkSnapshot(sequence: number): void {
    this.#events++
    const snapshot = this.#snapshots.get(sequence)
    if (snapshot === undefined || this.folding === undefined) return
    this.#snapshots.delete(sequence)
    const expected = { state: stored(this.folding.state), events: this.#events }
    this.#compare('snapshot', expected, { state: snapshot.state, events: snapshot.events }, sequence)
  }

  #compare(place: Difference['place'], expected: unknown, found: unknown, sequence?: number): void {
    if (canonical(expected) === canonical(found)) return
    this.#differ({ place, what: 'changed', expected, found, ...(sequence === undefined ? {} : { sequence }) })
  }

  #differ(difference: Omit<Difference, 'key'>): void {
    this.#parts.differences.add({ ...difference, key: this.row.key })
  }
}

/** As a store keeps it: what isn't JSON is left out. */
function stored(state: StateValue): unknown {
  try {
    return JSON.parse(JSON.stringify(state))
  } catch {
    return 'not JSON'
  }
}

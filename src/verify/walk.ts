import type { CompiledFeed } from '../feed/compile.ts'
import type { Client } from '../store/store.ts'
import type { KnownFeed } from '../store/verify/feed.ts'
import { Beside, type Pages } from '../store/verify/pages.ts'
import {
  type HeldRow,
  type KeyRow,
  type LetterRow,
  openHeld,
  openKeys,
  openLetters,
  openRecord,
  openSnapshots,
  type RecordRow,
  type SnapshotRow,
} from '../store/verify/sources.ts'
import { type FoldStep, foldPage } from './fold.ts'
import { KeyCheck } from './key-check.ts'
import { type IsLater, laterIn } from './later.ts'
import { NumberCheck } from './number-check.ts'
import type { Differences } from './report.ts'
import type { ExpectedRows } from './rows.ts'

type Latest = { readonly row: RecordRow; readonly event: unknown; first: RecordRow }

/**
 * Goes along the record and the keys side by side, both in the order of the keys' ids. A page at a time: its events are
 * taken, then folded, then the keys that ended within it are compared.
 */
export class Walk {
  keys = 0
  readonly #feed: CompiledFeed
  readonly #known: KnownFeed
  readonly #client: Client
  readonly #differences: Differences
  readonly #rows: ExpectedRows
  readonly #latestTables: number[]
  readonly #isLater: IsLater
  readonly #numbers: NumberCheck
  #keyRows: KeyRow[] = []
  #keyPages: Pages<KeyRow> | undefined
  #held: Beside<HeldRow> | undefined
  #letters: Beside<LetterRow> | undefined
  #snapshots: Beside<SnapshotRow> | undefined
  #current: KeyCheck | undefined
  #latest = new Map<number, Latest>()
  #ended: KeyCheck[] = []

  constructor(client: Client, feed: CompiledFeed, known: KnownFeed, differences: Differences, rows: ExpectedRows) {
    this.#client = client
    this.#feed = feed
    this.#known = known
    this.#differences = differences
    this.#rows = rows
    this.#isLater = laterIn(feed)
    this.#numbers = new NumberCheck(feed, differences)
    this.#latestTables = feed.tables.flatMap((table, index) => (table.rows === 'latest' ? [index] : []))
  }

  /** `onPage` is told how many events are done. */
  async go(onPage: (events: number) => void): Promise<number> {
    const { isKeyed } = this.#feed.identity
    const record = await openRecord(this.#client, this.#known.id, isKeyed)
    if (isKeyed) await this.#openKeys()
    let events = 0
    for (let page = await record.next(); page.length > 0; page = await record.next()) {
      await this.#takePage(page, isKeyed)
      events += page.length
      onPage(events)
    }
    if (isKeyed) await this.#openKey(Number.POSITIVE_INFINITY)
    this.#finishEnded()
    await this.#rows.flush(this.#client)
    await this.#numbers.finish(this.#client)
    return events
  }

  async #openKeys(): Promise<void> {
    const { id } = this.#known
    this.#keyPages = await openKeys(this.#client, id)
    this.#held = new Beside(await openHeld(this.#client, id))
    this.#letters = new Beside(await openLetters(this.#client, id))
    this.#snapshots = new Beside(await openSnapshots(this.#client, id))
  }

  async #takePage(page: readonly RecordRow[], isKeyed: boolean): Promise<void> {
    const steps: FoldStep[] = []
    for (const row of page) {
      const event = parsed(row.raw)
      const type = this.#feed.typeOf(event)
      if (isKeyed) {
        const keyId = row.keyId ?? -1
        if (this.#current?.row.keyId !== keyId) await this.#openKey(keyId)
        const check = this.#current
        if (check === undefined) {
          this.#differences.add({ place: 'key', what: 'removed', sequence: row.sequence, expected: { id: keyId } })
          continue
        }
        if (!check.take(row, event)) continue
        if (check.folding !== undefined) steps.push({ folding: check.folding, sequence: row.sequence, event, type })
        this.#takeLatest(row, event, type)
      }
      this.#rows.takeEvent(row, event, type)
      this.#numbers.take(row, event, type)
    }
    if (this.#feed.state !== undefined) foldPage(this.#feed.state, steps)
    this.#finishEnded()
    await this.#rows.flush(this.#client)
    await this.#numbers.check(this.#client)
  }

  /** Ends the current key and every one before `keyId`, which have no events, and makes `keyId` the current one. */
  async #openKey(keyId: number): Promise<void> {
    this.#endCurrent()
    for (let row = await this.#nextKey(keyId); row !== undefined; row = await this.#nextKey(keyId)) {
      this.keys++
      this.#current = await this.#checkOf(row)
      if (row.keyId === keyId) return
      this.#endCurrent()
      if (this.#ended.length >= 4_000) this.#finishWithoutEvents()
    }
    const stray = (one: { keyId: number; sequence: number }) => this.#strayHeld(one)
    if (keyId === Number.POSITIVE_INFINITY) await this.#held?.take(keyId, stray)
  }

  async #nextKey(upTo: number): Promise<KeyRow | undefined> {
    if (this.#keyRows.length === 0) this.#keyRows = ((await this.#keyPages?.next()) ?? []).reverse()
    const next = this.#keyRows.at(-1)
    if (next === undefined || next.keyId > upTo) return undefined
    return this.#keyRows.pop()
  }

  async #checkOf(row: KeyRow): Promise<KeyCheck> {
    const { keyId } = row
    const held = (await this.#held?.take(keyId, one => this.#strayHeld(one))) ?? []
    const letters = (await this.#letters?.take(keyId, () => undefined)) ?? []
    const strayed = (one: SnapshotRow) =>
      this.#differences.add({ place: 'snapshot', what: 'added', sequence: one.sequence, found: { keyId: one.keyId } })
    const snapshots = (await this.#snapshots?.take(keyId, strayed)) ?? []
    const isOurs = (generation: number) => this.#known.fingerprints.get(generation) === this.#feed.fingerprint
    return new KeyCheck({
      feed: this.#feed,
      differences: this.#differences,
      row,
      held,
      letters,
      snapshots: snapshots.filter(({ generation }) => isOurs(generation)),
      isCurrent: isOurs(row.generation),
      isLater: this.#isLater,
    })
  }

  #strayHeld({ keyId, sequence }: { keyId: number; sequence: number }): void {
    this.#differences.add({ place: 'held', what: 'added', sequence, found: { keyId } })
  }

  #takeLatest(row: RecordRow, event: unknown, type: string): void {
    for (const index of this.#latestTables) {
      const table = this.#feed.tables[index]
      if (table?.when !== undefined && !table.when.has(type)) continue
      const known = this.#latest.get(index)
      const first = known === undefined || row.position < known.first.position ? row : known.first
      const isLater = known === undefined || this.#isLater(event, known.event)
      this.#latest.set(index, isLater ? { row, event, first } : { ...known, first })
    }
  }

  #endCurrent(): void {
    if (this.#current === undefined) return
    this.#ended.push(this.#current)
    for (const [index, { row, event, first }] of this.#latest) this.#rows.takeLatest(index, row, event, first.arrived)
    this.#latest.clear()
    this.#current = undefined
  }

  /** Keys that ended without an event of theirs waiting to be folded. */
  #finishWithoutEvents(): void {
    const waiting = this.#ended.filter(check => check.hasEvents)
    for (const check of this.#ended) if (!check.hasEvents) check.finish()
    this.#ended = waiting
  }

  #finishEnded(): void {
    for (const check of this.#ended) check.finish()
    this.#ended = []
  }
}

function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    // Changed by hand to what is no JSON: the checks that follow name it.
    return undefined
  }
}

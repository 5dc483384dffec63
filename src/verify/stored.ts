import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { canonical } from '../feed/same.ts'
import type { StateValue } from '../feed/state.ts'
import type { Client, Store } from '../store/store.ts'
import { findFeed } from '../store/verify/feed.ts'
import { Pages } from '../store/verify/pages.ts'
import { BEGIN_LOOK } from '../store/verify/record.ts'
import { type Folding, type FoldStep, foldPage } from './fold.ts'

/** An event on the record that the declaration would not take today, or that its fold would skip. */
export type Misfit = {
  readonly key: string | null
  readonly sequence: number
  readonly reason: string
  readonly message: string
  /** JSON Pointer. */
  readonly pointer: string
}

export type StoredReport = {
  readonly feed: string
  readonly events: number
  /** The first of them. */
  readonly misfits: readonly Misfit[]
  readonly misfitCount: number
  /** Keys whose state the fold would leave otherwise than it is now. */
  readonly statesChanged: number
}

type StoredEvent = { keyId: number | null; key: string | null; sequence: number; raw: string; state: StateValue | null }

/**
 * Takes a feed's declaration, new or old, over the events on the record: what its schema refuses, what its fold skips, and
 * how many states would change. Writes nothing. Errors: NOT_FOUND, STORE_UNREACHABLE.
 */
export function checkStored(options: { store: Store; feed: CompiledFeed; limit?: number }): Promise<StoredReport> {
  const { store, feed, limit = 20 } = options
  return store.withClient(async client => {
    await client.query(BEGIN_LOOK)
    const known = await findFeed(client, feed.name)
    if (known === undefined)
      throw new GroundstationError('NOT_FOUND', `Nothing of the feed ${feed.name} is in this database`)
    const look = new StoredLook(feed, limit)
    const pages = await openEvents(client, known.id)
    for (let page = await pages.next(); page.length > 0; page = await pages.next()) look.take(page)
    await client.query('rollback')
    return look.report()
  })
}

const openEvents = (client: Client, feed: number): Promise<Pages<StoredEvent>> =>
  Pages.open<StoredEvent>(
    client,
    'stored_events',
    `select e.key_id as "keyId", k.key, e.sequence, e.raw, k.state from groundstation.event_${feed} e
     left join groundstation.key_${feed} k on k.id = e.key_id order by e.key_id, e.sequence`,
  )

/** A key on its way through the record. */
type KeyFold = {
  readonly keyId: number
  readonly key: string | null
  readonly kept: StateValue | null
  readonly folding: Folding
  /** How many of the skipped are told already. */
  told: number
}

class StoredLook {
  readonly #feed: CompiledFeed
  readonly #limit: number
  readonly #misfits: Misfit[] = []
  #misfitCount = 0
  #events = 0
  #statesChanged = 0
  #current: KeyFold | undefined

  constructor(feed: CompiledFeed, limit: number) {
    this.#feed = feed
    this.#limit = limit
  }

  take(page: readonly StoredEvent[]): void {
    const steps: FoldStep[] = []
    const ended: KeyFold[] = []
    for (const stored of page) {
      this.#events++
      const parsed = this.#feed.parse(Buffer.from(stored.raw))
      if (!parsed.ok) this.#add({ key: stored.key, sequence: stored.sequence, ...reasonOf(parsed.refusal) })
      if (this.#feed.state === undefined || stored.keyId === null) continue
      if (stored.keyId !== this.#current?.keyId) {
        if (this.#current !== undefined) ended.push(this.#current)
        this.#current = keyFold(stored.keyId, stored, this.#feed.state.initial)
      }
      const event: unknown = parsed.ok ? parsed.event : JSON.parse(stored.raw)
      steps.push({ folding: this.#current.folding, sequence: stored.sequence, event, type: this.#feed.typeOf(event) })
    }
    if (this.#feed.state !== undefined) foldPage(this.#feed.state, steps)
    for (const key of ended) this.#end(key)
    if (this.#current !== undefined) this.#tellSkipped(this.#current)
  }

  #tellSkipped(key: KeyFold): void {
    for (const sequence of key.folding.skipped.slice(key.told))
      this.#add({ key: key.key, sequence, reason: 'fold', message: 'is skipped by the fold of the state', pointer: '' })
    key.told = key.folding.skipped.length
  }

  #end(key: KeyFold): void {
    this.#tellSkipped(key)
    if (canonical(key.folding.state) !== canonical(key.kept)) this.#statesChanged++
  }

  #add(misfit: Misfit): void {
    this.#misfitCount++
    if (this.#misfits.length < this.#limit) this.#misfits.push(misfit)
  }

  /** Once every event was taken. */
  report(): StoredReport {
    if (this.#current !== undefined) this.#end(this.#current)
    this.#current = undefined
    return {
      feed: this.#feed.name,
      events: this.#events,
      misfits: this.#misfits,
      misfitCount: this.#misfitCount,
      statesChanged: this.#statesChanged,
    }
  }
}

function keyFold(keyId: number, { key, state: kept }: StoredEvent, initial: StateValue): KeyFold {
  const folding: Folding = { state: initial, skipped: [], timedOut: new Set(), reached: () => undefined }
  return { keyId, key, kept, folding, told: 0 }
}

const reasonOf = ({ reason, message, pointer }: { reason: string; message: string; pointer: string }) => ({
  reason,
  message,
  pointer,
})

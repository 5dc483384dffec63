import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { KeyMemory } from '../sequencer/key-memory.ts'
import type { RowsMode } from '../store/binary-rows.ts'
import type { StoredFeed } from '../store/feed.ts'
import type { Leaves } from '../store/leaf.ts'
import { type Client, failureKind, type Store } from '../store/store.ts'
import { type Opened, openBatch, transactionStatus } from '../store/write/lanes.ts'
import { type Batch, newBatch } from './batch.ts'
import { decidePositions, decideUnique } from './decide/keyless.ts'
import type { KeyedWork } from './decide/keys.ts'
import { passLetters } from './decide/letters.ts'
import { passLogs } from './decide/logs.ts'
import { decideRefusals } from './decide/refusals.ts'
import { decideSequenced } from './decide/sequenced.ts'
import { decideSnapshots } from './decide/snapshot.ts'
import { failpoint } from './failpoint.ts'
import { persist } from './persist.ts'
import { decideSifted } from './sift.ts'
import { SkipNotes } from './skips.ts'
import type { EventWork, RefusedWork, Work } from './work.ts'

/** Longer than any statement may take: a batch that isn't through by then talks to nobody. */
const BATCH_MS_MAX = 75_000

/** Batches of up to so many events go by pipelined statements; larger ones by COPY. */
const PIPELINED_MAX = 200

/** The states that are remembered of a feed's keys, all lanes together. */
const STATE_BYTES_MAX = 64 * 1024 * 1024

/** What a writer remembers of a lane between batches: true only while the lane's version is this one. */
type LaneMemory = { version: number; readonly keys: KeyMemory }

export type TransactionParts = {
  readonly feed: CompiledFeed
  readonly stored: StoredFeed
  readonly store: Store
  readonly leaves: Leaves
  readonly keysRemembered: number
  readonly log: (message: string) => void
  /** Called when something is on the record that wasn't. */
  readonly onApplied: () => void
}

/** Runs batches of one writer, one after another, each as one transaction. */
export class Transactions {
  readonly #parts: TransactionParts
  readonly #lanes = new Map<number, LaneMemory>()
  readonly #skips: SkipNotes

  constructor(parts: TransactionParts) {
    this.#parts = parts
    this.#skips = new SkipNotes(parts.feed.name)
  }

  /** Whether a work may take events along that were held before. */
  get canSift(): boolean {
    return this.#parts.feed.identity.kind === 'sequenced'
  }

  /**
   * Applies the works, all or none, and gives each its outcome. Rejects with the outcomes unset where nothing was
   * written, with OUTCOME_UNKNOWN where that can't be told. `sifts`: of one work, which was refused as it was.
   */
  async run(works: readonly Work[], sifts = false): Promise<void> {
    for (const work of works) {
      work.outcome = undefined
      if (work.refusedFor !== undefined) work.refusedFor = undefined
    }
    for (;;) {
      const leaflessMs = await this.#attempt(works, sifts)
      if (leaflessMs === undefined) break
      // With no connection held: as many batches as there are connections may be the first of a month at once.
      await this.#parts.leaves.make(leaflessMs)
    }
    await failpoint('committed')
    if (works.some(work => hasNoOutcome(work) && 'log' in work && work.log === undefined))
      throw new GroundstationError(
        'INTERNAL',
        `A batch of the feed ${this.#parts.feed.name} left an event without an outcome`,
      )
  }

  /** The moment for which the record lacks a leaf: then nothing is done. */
  async #attempt(works: readonly Work[], sifts: boolean): Promise<number | undefined> {
    const { store, leaves } = this.#parts
    const mode = works.length <= PIPELINED_MAX && !sifts ? 'arrays' : 'copy'
    const connection = mode === 'arrays' ? store.withPipelined : store.withClient
    let sent: Opened | undefined
    let leaflessMs: number | undefined
    try {
      await connection(async client => {
        const opened = await this.#open(client, works)
        const nowMs = opened.nowMicros / 1000
        if (!leaves.has(nowMs)) {
          await client.query('rollback')
          leaflessMs = nowMs
          return
        }
        const batch = await this.#decide(client, opened, works, mode, sifts)
        await persist(batch, leaves.nameAt(nowMs), () => {
          sent = opened
        })
        this.#remember(batch)
        if (batch.effects.applied.length > 0) this.#parts.onApplied()
        const { notes, skips } = batch.effects
        for (const note of [...notes, ...this.#skips.add(skips, performance.now())]) this.#parts.log(note)
      }, BATCH_MS_MAX)
    } catch (error) {
      this.#forget(works)
      if (sent === undefined || failureKind(error) !== 'connection') throw error
      if (!(await this.#wasCommitted(sent.transaction))) throw error
      // All is stored; but which numbers the dead letters got was in the answers that were lost.
      if (works.some(hasNoOutcome)) throw unknownOutcome()
    }
    return leaflessMs
  }

  /** Decides without writing: what would become of these works. */
  async dry(works: readonly Work[]): Promise<void> {
    await this.#parts.store.withClient(async client => {
      await this.#decide(client, await this.#open(client, works), works, 'copy')
      await client.query('rollback')
    })
  }

  async #open(client: Client, works: readonly Work[]): Promise<Opened> {
    const opened = await openBatch(client, this.#parts.stored.id, lanesOf(works))
    await failpoint('locked')
    return opened
  }

  async #decide(client: Client, opened: Opened, works: readonly Work[], mode: RowsMode, sifts = false): Promise<Batch> {
    const { feed, stored, leaves } = this.#parts
    let batch = newBatch({ feed, stored, client, opened, memories: this.#trusted(opened), mode })
    const [work] = works
    if (sifts && work !== undefined)
      batch = await decideSifted(batch, work, leaves.nameAt(opened.nowMicros / 1000), one => decide(one, works))
    else await decide(batch, works)
    await failpoint('decided')
    return batch
  }

  #trusted({ lanes }: Opened): Map<number, KeyMemory> {
    const { stored, keysRemembered, feed } = this.#parts
    const memories = new Map<number, KeyMemory>()
    for (const { lane, version, generation } of lanes.values()) {
      if (generation > stored.generation) throw olderDeclaration(feed.name)
      let memory = this.#lanes.get(lane)
      if (memory === undefined) {
        const bounds = {
          keys: Math.ceil(keysRemembered / stored.lanes),
          stateBytes: Math.ceil(STATE_BYTES_MAX / stored.lanes),
        }
        memory = { version, keys: new KeyMemory(bounds) }
        this.#lanes.set(lane, memory)
      } else if (memory.version !== version) {
        memory.keys.clear()
        memory.version = version
      }
      memories.set(lane, memory.keys)
    }
    return memories
  }

  #remember({ opened, effects }: Batch): void {
    // Their version still is what it was.
    if (!effects.changesKeys) return
    const memories = new Map<number, KeyMemory>()
    for (const { lane, version } of opened.lanes.values()) {
      const memory = this.#lanes.get(lane)
      // Another transaction of this process may have followed this one before its answer came: then that one knows better.
      if (memory?.version !== version) continue
      memory.version = version + 1
      memories.set(lane, memory.keys)
    }
    for (const { isNew: _, ...key } of effects.keys) memories.get(key.lane)?.set(key)
  }

  /** After a failure nothing that is remembered of these lanes is certain. */
  #forget(works: readonly Work[]): void {
    for (const work of works) this.#lanes.delete(work.lane)
  }

  /** The connection died while the commit was on its way: PostgreSQL remembers what became of it. */
  async #wasCommitted(transaction: string): Promise<boolean> {
    for (let attempt = 0; attempt < 50; attempt++) {
      let status: Awaited<ReturnType<typeof transactionStatus>>
      try {
        status = await this.#parts.store.withClient(client => transactionStatus(client, transaction))
      } catch {
        // Still unreachable: asked again below, and in the end said as unknown.
        status = 'in progress'
      }
      if (status === 'committed') return true
      if (status === 'aborted') return false
      // Nobody will ever know.
      if (status === null) break
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    throw unknownOutcome()
  }
}

export const olderDeclaration = (feed: string) =>
  new GroundstationError(
    'DECLARATION_OLDER',
    `A newer declaration of the feed ${feed} has written since: this process must be started with it`,
  )

/** All that must stand still while these are decided. */
function lanesOf(works: readonly Work[]): number[] {
  const lanes = new Set<number>()
  for (const work of works) {
    lanes.add(work.lane)
    if (work.kind === 'event' && work.idLane !== undefined) lanes.add(work.idLane)
  }
  return [...lanes]
}

const hasNoOutcome = (work: Work): boolean =>
  work.outcome === undefined && (work.kind === 'event' || work.kind === 'refused')

const unknownOutcome = () =>
  new GroundstationError(
    'OUTCOME_UNKNOWN',
    'The connection to the database was lost during a commit: send the events again',
  )

async function decide(batch: Batch, works: readonly Work[]): Promise<void> {
  const refused: RefusedWork[] = []
  const keyed: KeyedWork[] = []
  const loose: EventWork[] = []
  const isPosition = batch.feed.identity.kind === 'position'
  const passed = await passLogs(batch, works)
  for (const work of await passLetters(batch, passed.works)) {
    if (work.kind === 'pass') continue
    if (work.kind === 'refused') refused.push(work)
    else if (isPosition && work.kind === 'event') loose.push(work)
    else keyed.push(work)
  }
  if (isPosition) decidePositions(batch, loose, passed.sources)
  else if (batch.feed.identity.idOf !== undefined)
    await decideUnique(
      batch,
      keyed.filter(work => work.kind === 'event'),
    )
  else if (batch.feed.identity.kind === 'snapshot') await decideSnapshots(batch, keyed)
  else if (keyed.length > 0) await decideSequenced(batch, keyed)
  decideRefusals(batch, refused)
}

import type { Store } from './store.ts'

const LOCK = 7_151_033_203

/** A month's leaf is made so long before its first event can arrive. */
const AHEAD_MS = 7 * 86_400_000

/**
 * The record's leaves, a month of arrival each (UTC). A batch arrives at one moment, so it goes into one leaf, by name,
 * without a look at where each row belongs.
 */
export class Leaves {
  readonly #store: Store
  readonly #feed: number
  readonly #known = new Set<string>()
  readonly #making = new Map<string, Promise<void>>()

  constructor(store: Store, feed: number) {
    this.#store = store
    this.#feed = feed
  }

  nameAt(nowMs: number): string {
    const month = new Date(nowMs).toISOString().slice(0, 7)
    return `event_${this.#feed}_${month.replace('-', '_')}`
  }

  has(nowMs: number): boolean {
    return this.#known.has(this.nameAt(nowMs))
  }

  /** Makes the leaves of this moment and of a week later, where they are missing. */
  async makeAhead(nowMs: number): Promise<void> {
    for (const ms of [nowMs, nowMs + AHEAD_MS]) if (!this.has(ms)) await this.make(ms)
  }

  /** Makes the month's leaf where it is missing, once however many ask. Takes a connection: whoever asks holds none. */
  async make(nowMs: number): Promise<void> {
    const leaf = this.nameAt(nowMs)
    const making = this.#making.get(leaf) ?? this.#make(leaf, nowMs).finally(() => this.#making.delete(leaf))
    this.#making.set(leaf, making)
    await making
  }

  /** Attached rather than made in place: that locks no reader out. */
  async #make(leaf: string, nowMs: number): Promise<void> {
    const from = new Date(nowMs).toISOString().slice(0, 7)
    const parent = `groundstation.event_${this.#feed}`
    await this.#store.exclusively(LOCK, async client => {
      const { rows } = await client.query('select to_regclass($1) is not null as made', [`groundstation.${leaf}`])
      if (rows[0].made) return
      await client.query(`create table groundstation.${leaf} (like ${parent} including defaults)`)
      await client.query(
        `alter table ${parent} attach partition groundstation.${leaf} for values from ('${from}-01T00:00:00Z') to ('${nextMonth(nowMs)}-01T00:00:00Z')`,
      )
    })
    this.#known.add(leaf)
  }
}

function nextMonth(nowMs: number): string {
  const now = new Date(nowMs)
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString().slice(0, 7)
}

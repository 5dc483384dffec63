import type { Store } from './store.ts'

const LOCK = 7_151_033_203

/**
 * The record's leaves, a month of arrival each (UTC). A batch arrives at one moment, so it goes into one leaf, by name,
 * without a look at where each row belongs.
 */
export class Leaves {
  readonly #store: Store
  readonly #feed: number
  readonly #known = new Set<string>()

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

  /** Makes the month's leaf where it is missing. Attached rather than made in place: that locks no reader out. */
  async make(nowMs: number): Promise<void> {
    const leaf = this.nameAt(nowMs)
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

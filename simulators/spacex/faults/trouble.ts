import { createHash } from 'node:crypto'
import { seedWord } from '../../rockets/random.ts'
import type { Fault, Faults } from './faults.ts'

/** What becomes of one answer. */
export type Trouble = {
  readonly slowMs: number
  /** Instead of an answer. */
  readonly status: '500' | '503' | '429' | 'redirect' | undefined
  /** Instead of what was meant to be sent, or a part of it. */
  readonly body: 'half' | 'cut' | 'html' | undefined
  readonly isDropped: boolean
  readonly isEndless: boolean
  readonly isSame: boolean
  readonly graphqlError: 'whole' | 'field' | undefined
  readonly nulled: 'whole' | 'item' | undefined
}

const WORD = 2 ** 32
/** So many different requests are told apart; the counts begin again after that. */
const COUNTED_MAX = 100_000

/**
 * Chance that doesn't depend on the order of requests: the first, second … time that the same is asked for, the same goes
 * wrong. So parallel requests, too, meet the same faults with the same seed.
 */
export class Troubles {
  faults: Faults
  readonly #seed: number
  readonly #counts = new Map<string, number>()

  constructor(faults: Faults, seed: number) {
    this.faults = faults
    this.#seed = seed
  }

  of(method: string, url: string, body: unknown): Trouble {
    const key = createHash('sha256')
      .update(`${method} ${url} ${JSON.stringify(body ?? null)}`)
      .digest('base64url')
    if (this.#counts.size >= COUNTED_MAX) this.#counts.clear()
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    const word = (purpose: string) => seedWord(this.#seed, `${purpose}/${key}/${count}`) / WORD
    const has = (fault: Fault) => word(fault) < (this.faults.shares[fault] ?? 0)
    const first = <Name extends Fault>(names: readonly Name[]) => names.find(has)
    const half = (purpose: string) => word(`${purpose}/kind`) < 0.5
    return {
      slowMs: has('slow') ? (this.faults.slowMs ?? 0) : 0,
      status: first(['redirect', '429', '503', '500']),
      body: first(['cut', 'half', 'html']),
      isDropped: has('drop'),
      isEndless: has('endless'),
      isSame: has('same-cursor'),
      graphqlError: has('graphql-errors') ? (half('graphql-errors') ? 'whole' : 'field') : undefined,
      nulled: has('nulls') ? (half('nulls') ? 'whole' : 'item') : undefined,
    }
  }
}

import { createHash, type Hash } from 'node:crypto'
import type { SplitItem } from '../split.ts'

/**
 * SHA-256 over a request's events one after another, each with its length before it, so that the same bytes cut
 * elsewhere are another body. How the body was packed, and the white space between events, make no difference.
 */
export class BodyDigest {
  readonly #hash: Hash

  constructor(hash = createHash('sha256')) {
    this.#hash = hash
  }

  /** One that is too large is never stored, and makes no difference. */
  add(item: SplitItem): void {
    if (item.tooLarge) return
    this.#hash.update(`${item.bytes.length}\n`)
    this.#hash.update(item.bytes)
  }

  copy(): BodyDigest {
    return new BodyDigest(this.#hash.copy())
  }

  /** Of what was added so far; more may follow. */
  soFar(): Buffer {
    return this.#hash.copy().digest()
  }
}

/** The key's name among the feed's logs. */
export const logNameOf = (idempotencyKey: string): string => `key:${idempotencyKey}`

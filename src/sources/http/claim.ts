import { GroundstationError } from '../../errors.ts'
import { BodyDigest, logNameOf } from './body-digest.ts'
import type { Chunk } from './chunk.ts'
import type { Target } from './submitter.ts'

/**
 * An idempotency key where events carry their own identity: repeats are found by that, so the key only tells whether
 * another body came with it.
 */
export class Claim {
  readonly #target: Target
  readonly #key: string
  readonly #digest = new BodyDigest()

  constructor(target: Target, key: string) {
    this.#target = target
    this.#key = key
  }

  add(chunk: Chunk): void {
    for (const item of chunk) this.#digest.add(item)
  }

  /** Of what was added. Raises IDEMPOTENCY_CONFLICT, which says what became of this body. */
  async check(fate: string): Promise<void> {
    const { engine, feed } = this.#target
    const claimed = await engine.claim(feed.name, logNameOf(this.#key), this.#digest.soFar())
    if (claimed === 'other')
      throw new GroundstationError(
        'IDEMPOTENCY_CONFLICT',
        `This idempotency key came with another body before. ${fate}`,
      )
  }
}

import type { Chunk } from './log.ts'

const COUNT_MAX = 500
const BYTES_MAX = 1024 * 1024

/** Messages that go out together, so many and so large at most. */
export class StateMessages {
  readonly #pieces: Buffer[] = []
  #bytes = 0
  #count = 0

  get isFull(): boolean {
    return this.#count >= COUNT_MAX || this.#bytes >= BYTES_MAX
  }

  /** `body`: the message without its id. */
  add(id: string, body: Buffer): void {
    const head = Buffer.from(`id: ${id}\n`)
    this.#pieces.push(head, body)
    this.#bytes += head.length + body.length
    this.#count++
  }

  upTo<Place>(next: Place): Chunk<Place> {
    return { bytes: Buffer.concat(this.#pieces), next, count: this.#count }
  }
}

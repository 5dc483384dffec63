import type { Change } from '../../engine/contract.ts'
import { type CompiledState, present, type Standing } from '../../feed/state.ts'

/** A change as it is sent, but for its id, which depends on who reads. */
export type Entry = { readonly position: number; readonly keyId: number; readonly bytes: Buffer }

export const entryOf = ({ position, keyId, json }: Change): Entry => ({ position, keyId, bytes: messageOf(json) })

/** A state that nothing led to: the one that is. */
export const bodyOf = (state: CompiledState, standing: Standing): Buffer =>
  messageOf(JSON.stringify(present(state, standing)))

const messageOf = (json: string): Buffer => Buffer.from(`event: state\ndata: ${json}\n\n`)

/** The end of one lane, without a gap. Bounded: forgets from the front. */
export class LaneTail {
  readonly #sizes: { readonly tail: number; readonly tailBytes: number }
  #entries: Entry[] = []
  #bytes = 0
  /** The position of the last entry, or where the tail begins. */
  end: number

  constructor(end: number, sizes: { readonly tail: number; readonly tailBytes: number }) {
    this.end = end
    this.#sizes = sizes
  }

  /** The position before the first entry. */
  get start(): number {
    return this.end - this.#entries.length
  }

  add(entry: Entry): void {
    this.#entries.push(entry)
    this.#bytes += entry.bytes.length
    this.end = entry.position
    // Half at a time: taking one from the front moves all the others.
    if (this.#entries.length <= this.#sizes.tail && this.#bytes <= this.#sizes.tailBytes) return
    const dropped = this.#entries.splice(0, Math.ceil(this.#entries.length / 2))
    for (const { bytes } of dropped) this.#bytes -= bytes.length
  }

  /** What follows a position that isn't before the start. */
  after(position: number): readonly Entry[] {
    return position >= this.end ? [] : this.#entries.slice(position - this.start)
  }
}

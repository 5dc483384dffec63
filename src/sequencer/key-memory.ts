import type { Key } from './key.ts'

/** What one lane may remember: so many keys, and so many bytes of their states. */
export type MemoryBounds = { readonly keys: number; readonly stateBytes: number }

type Remembered = { readonly key: Key; readonly bytes: number }

/**
 * What a process remembers of keys. It is trusted only where the lane's version, read under the lane's lock, is the one that
 * this process wrote last: then nobody else has changed a key of the lane since. Bounded: two generations, the older dropped.
 */
export class KeyMemory {
  readonly #keysMax: number
  readonly #bytesMax: number
  #young = new Map<string, Remembered>()
  #old = new Map<string, Remembered>()
  #bytes = 0

  constructor({ keys, stateBytes }: MemoryBounds) {
    this.#keysMax = keys / 2
    this.#bytesMax = stateBytes / 2
  }

  get(name: string): Key | undefined {
    const young = this.#young.get(name)
    if (young !== undefined) return young.key
    const old = this.#old.get(name)
    if (old === undefined) return undefined
    this.#keep(old)
    return old.key
  }

  set(key: Key): void {
    this.#keep({ key, bytes: heapBytes(key.state) })
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
    this.#bytes = 0
  }

  #keep(one: Remembered): void {
    const name = one.key.key
    const known = this.#young.get(name)
    // Without what is replaced: whatever it becomes, the old one is no longer true.
    if (known !== undefined) {
      this.#young.delete(name)
      this.#bytes -= known.bytes
    }
    if (one.bytes > this.#bytesMax) {
      this.#old.delete(name)
      return
    }
    if (this.#young.size >= this.#keysMax || this.#bytes + one.bytes > this.#bytesMax) {
      this.#old = this.#young
      this.#young = new Map()
      this.#bytes = 0
    }
    this.#young.set(name, one)
    this.#bytes += one.bytes
  }
}

/** A value's own, and the place that holds it. */
const VALUE_BYTES = 24

/** About how much of the heap a state takes. */
export function heapBytes(state: unknown): number {
  let bytes = 0
  const pending: unknown[] = [state]
  while (pending.length > 0) {
    const value = pending.pop()
    bytes += VALUE_BYTES
    if (typeof value === 'string') bytes += value.length
    else if (Array.isArray(value)) for (const item of value) pending.push(item)
    else if (typeof value === 'object' && value !== null)
      for (const name in value) pending.push((value as Record<string, unknown>)[name])
  }
  return bytes
}

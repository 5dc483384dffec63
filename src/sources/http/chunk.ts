import { type SplitItem, Splitter } from '../split.ts'
import type { Pieces } from './pieces.ts'

/** Events that are submitted together, in the order sent; those over the limit in their places. */
export type Chunk = readonly SplitItem[]

const CHUNK_EVENTS_MAX = 2_000
const CHUNK_BYTES_MAX = 1024 * 1024
/** A chunk that isn't full waits so long for the next bytes: nothing beside a commit, and enough for a fast sender's. */
const LINGER_MS = 3

class Gathering {
  #items: SplitItem[] = []
  #bytes = 0

  get isEmpty(): boolean {
    return this.#items.length === 0
  }

  get isFull(): boolean {
    return this.#items.length >= CHUNK_EVENTS_MAX || this.#bytes >= CHUNK_BYTES_MAX
  }

  add(item: SplitItem): void {
    this.#items.push(item)
    if (!item.tooLarge) this.#bytes += item.bytes.length
  }

  take(): Chunk {
    const items = this.#items
    this.#items = []
    this.#bytes = 0
    return items
  }
}

/** Cuts what is there already. */
export async function* chunksOfItems(items: Iterable<SplitItem>): AsyncGenerator<Chunk, void, undefined> {
  const gathering = new Gathering()
  for (const item of items) {
    gathering.add(item)
    if (gathering.isFull) yield gathering.take()
  }
  if (!gathering.isEmpty) yield gathering.take()
}

/** Cuts a stream of lines, whole chunks while it flows, and what there is when it pauses. */
export async function* chunksOfLines(pieces: Pieces, eventBytesMax: number): AsyncGenerator<Chunk, void, undefined> {
  const splitter = new Splitter({ maxEventBytes: eventBytesMax, mode: 'lines' })
  const gathering = new Gathering()
  for (let isEnd = false; !isEnd; ) {
    const arriving = pieces.next()
    if (!gathering.isEmpty && !(await isSettled(arriving))) yield gathering.take()
    const piece = await arriving
    isEnd = piece === undefined
    for (const item of piece === undefined ? splitter.end() : splitter.push(piece)) {
      gathering.add(item)
      if (gathering.isFull) yield gathering.take()
    }
  }
  if (!gathering.isEmpty) yield gathering.take()
}

function isSettled(arriving: Promise<unknown>): Promise<boolean> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve(false), LINGER_MS)
    // A failure counts as settled: whoever awaits it next is told.
    const settle = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    arriving.then(settle, settle)
  })
}

/** Each chunk, and whether it is the last. */
export async function* withLast(
  chunks: AsyncGenerator<Chunk, void, undefined>,
): AsyncGenerator<{ readonly chunk: Chunk; readonly isLast: boolean }, void, undefined> {
  let pending: Chunk | undefined
  for await (const chunk of chunks) {
    if (pending !== undefined) yield { chunk: pending, isLast: false }
    pending = chunk
  }
  if (pending !== undefined) yield { chunk: pending, isLast: true }
}

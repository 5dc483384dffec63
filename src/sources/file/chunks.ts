import { setTimeout as delay } from 'node:timers/promises'
import { isSpace } from '../split/gather.ts'
import { detect, type SplitItem, Splitter } from '../split.ts'

/** Items that are submitted together, in their order. `isLast` where nothing follows. */
export type FileChunk = { readonly items: readonly SplitItem[]; readonly isLast: boolean }

const CHUNK_EVENTS_MAX = 5_000
const CHUNK_BYTES_MAX = 4 * 1024 * 1024
/** How long a chunk that isn't full waits for a pipe that has paused. */
const PAUSE_MS = 50
/** So much of an input tells how it is laid out. */
const DETECT_BYTES = 64 * 1024
const LINE_FEED = 0x0a

/** Cuts an input into chunks: full ones while it flows, and what there is when it pauses. */
export async function* chunksOf(
  pieces: AsyncIterable<Buffer>,
  eventBytesMax: number,
): AsyncGenerator<FileChunk, void, undefined> {
  const iterator = pieces[Symbol.asyncIterator]()
  try {
    const first = await firstBytes(iterator)
    const splitter = new Splitter({ maxEventBytes: eventBytesMax, mode: detect(first) })
    let items: SplitItem[] = []
    let bytes = 0
    const take = (isLast: boolean): FileChunk => {
      const chunk = { items, isLast }
      items = []
      bytes = 0
      return chunk
    }
    for (let piece: Buffer | undefined = first; ; ) {
      for (const item of piece === undefined ? splitter.end() : splitter.push(piece)) {
        // Only when another follows: so a full chunk can still be the last.
        if (items.length >= CHUNK_EVENTS_MAX || bytes >= CHUNK_BYTES_MAX) yield take(false)
        items.push(item)
        if (!item.tooLarge) bytes += item.bytes.length
      }
      if (piece === undefined) break
      const arriving = iterator.next()
      if (items.length > 0 && (await hasPaused(arriving))) yield take(false)
      const next: IteratorResult<Buffer, unknown> = await arriving
      piece = next.done ? undefined : next.value
    }
    if (items.length > 0) yield take(true)
  } finally {
    await iterator.return?.()
  }
}

/** As much as `detect` needs: up to the end of the first line, unless it is very long. */
async function firstBytes(iterator: AsyncIterator<Buffer>): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0)
  while (bytes.length < DETECT_BYTES && !hasFirstLine(bytes)) {
    const next = await iterator.next()
    if (next.done) break
    bytes = bytes.length === 0 ? next.value : Buffer.concat([bytes, next.value])
  }
  return bytes
}

function hasFirstLine(bytes: Buffer): boolean {
  const start = bytes.findIndex(byte => !isSpace(byte))
  return start !== -1 && bytes.includes(LINE_FEED, start)
}

async function hasPaused(arriving: Promise<unknown>): Promise<boolean> {
  const waiting = new AbortController()
  // A failure is no pause: whoever awaits it next is told.
  const settled = arriving.then(
    () => false,
    () => false,
  )
  const pause = delay(PAUSE_MS, true, { signal: waiting.signal }).catch(() => true)
  try {
    return await Promise.race([settled, pause])
  } finally {
    waiting.abort()
  }
}

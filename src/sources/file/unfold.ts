import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

const UNFOLD_BYTES = 256 * 1024

/** Bytes as they are, or unpacked where their first two say gzip; whatever the file is called. */
export async function* unfolded(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let first: Buffer = Buffer.alloc(0)
  while (first.length < 2) {
    const next = await iterator.next()
    if (next.done) break
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value])
  }
  const all = startingWith(first, iterator)
  if (first.length < 2 || first.readUInt16BE(0) !== 0x1f8b) {
    yield* all
    return
  }
  const gunzip = createGunzip({ chunkSize: UNFOLD_BYTES })
  // Its failure destroys the unpacker, whose reader is told.
  pipeline(Readable.from(all, { objectMode: true }), gunzip).catch(() => undefined)
  yield* gunzip
}

async function* startingWith(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  try {
    if (first.length > 0) yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

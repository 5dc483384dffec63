import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { GroundstationError, messageOf } from '../../errors.ts'
import { unfolded } from './unfold.ts'

/** A file to ingest, or, where there is no path, standard input. */
export type Input = { readonly name: string } & (
  | { readonly path: string; readonly stream?: never }
  | { readonly stream: AsyncIterable<Buffer>; readonly path?: never }
)

export type OpenedInput = {
  /** Unpacked, where they come packed with gzip. */
  readonly pieces: AsyncIterable<Buffer>
  /** Undefined where nobody knows before the end. */
  readonly bytesTotal: number | undefined
  /** As they lie in the file. */
  readonly bytesRead: () => number
  /** SHA-256 of the file's bytes, in hexadecimal digits, where it was asked for. */
  readonly digest: string | undefined
  close(): Promise<void>
}

const READ_BYTES = 1024 * 1024

/** Opens an input; with its digest it is read once before, and what can't be read twice is put into a temporary file. */
export async function openInput(input: Input, options: { readonly needsDigest: boolean }): Promise<OpenedInput> {
  const bytesTotal = input.path === undefined ? undefined : await regularSize(input.path)
  if (input.path !== undefined && bytesTotal !== undefined) {
    const range = { path: input.path, bytes: bytesTotal }
    return opened(range, options.needsDigest ? await digestOf(read(range)) : undefined)
  }
  const stream = input.stream ?? createReadStream(input.path, { highWaterMark: READ_BYTES })
  if (!options.needsDigest) return counted(stream, { bytesTotal: undefined, digest: undefined, close: async () => {} })
  return spooled(stream)
}

type Range = { readonly path: string; readonly bytes: number }

/** Only as far as the file went when its size was asked for: a file that grows meanwhile is ingested again later. */
async function* read({ path, bytes }: Range): AsyncGenerator<Buffer, void, undefined> {
  if (bytes === 0) return
  yield* createReadStream(path, { end: bytes - 1, highWaterMark: READ_BYTES })
}

function opened(range: Range, digest: string | undefined, close = async () => {}): OpenedInput {
  return counted(read(range), { bytesTotal: range.bytes, digest, close })
}

function counted(
  source: AsyncIterable<Buffer>,
  rest: Pick<OpenedInput, 'bytesTotal' | 'digest' | 'close'>,
): OpenedInput {
  let bytesRead = 0
  async function* counting() {
    for await (const piece of source) {
      bytesRead += piece.length
      yield piece
    }
  }
  return { ...rest, pieces: withWords(unfolded(counting())), bytesRead: () => bytesRead }
}

async function spooled(stream: AsyncIterable<Buffer>): Promise<OpenedInput> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-input-'))
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    const path = join(folder, 'input')
    await pipeline(stream, createWriteStream(path, { mode: 0o600 }))
    const range = { path, bytes: (await stat(path)).size }
    return opened(range, await digestOf(read(range)), close)
  } catch (error) {
    await close()
    throw unreadable(error)
  }
}

/** The size of a regular file; undefined for a pipe. */
async function regularSize(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(error => {
    throw unreadable(error)
  })
  if (found.isDirectory()) throw new GroundstationError('FILE_UNREADABLE', `${path} is a folder: name its files.`)
  return found.isFile() ? found.size : undefined
}

async function digestOf(pieces: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of withWords(pieces)) hash.update(piece)
  return hash.digest('hex')
}

async function* withWords(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* pieces
  } catch (error) {
    throw unreadable(error)
  }
}

function unreadable(error: unknown): GroundstationError {
  if (error instanceof GroundstationError) return error
  return new GroundstationError('FILE_UNREADABLE', `The input can't be read: ${messageOf(error)}`, { cause: error })
}

import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { GroundstationError } from '../../errors.ts'
import type { Budget } from './budget.ts'
import type { Limits } from './limits.ts'
import type { Media } from './media.ts'
import { Refusal } from './problem.ts'
import { unfold } from './unfold.ts'

const OPEN_ARRAY = 0x5b
const isBlank = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** A body that is in memory whole: as large as one event may be, or as an array may where it begins like one. */
export class WholeBody {
  readonly #limits: Limits
  readonly #budget: Budget
  readonly #chunks: Buffer[] = []
  #length = 0
  #first: number | undefined

  constructor(limits: Limits, budget: Budget) {
    this.#limits = limits
    this.#budget = budget
  }

  get isArray(): boolean {
    return this.#first === OPEN_ARRAY
  }

  /** Whether nothing but white space has come. */
  get isBlank(): boolean {
    return this.#first === undefined
  }

  /** Raises BODY_TOO_LARGE, BUSY. */
  add(chunk: Buffer): void {
    this.#budget.take(chunk.length)
    this.#length += chunk.length
    this.#chunks.push(chunk)
    // A mark may come in pieces: as long as it may, the body is looked at from its start.
    const isStart = this.#length - chunk.length < MARK.length
    this.#first ??= firstOf(isStart && this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : chunk, isStart)
    this.checkLength(this.#length, this.isArray ? this.#limits.arrayBytesMax : this.#limits.eventBytesMax)
  }

  /** Raises BODY_TOO_LARGE for a length that was announced: no body may have it. */
  checkLength(length: number, max = this.#limits.arrayBytesMax): void {
    if (length <= max) return
    throw new GroundstationError(
      'BODY_TOO_LARGE',
      max > this.#limits.eventBytesMax
        ? `An array has at most ${max} bytes. Send NDJSON, which has no limit but a line's.`
        : `The body has at most ${max} bytes.`,
    )
  }

  /** All of it, as it came. */
  raw(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks.splice(0, this.#chunks.length, Buffer.concat(this.#chunks))
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  /** All of it, without a byte order mark. */
  bytes(): Buffer {
    const bytes = this.raw()
    return bytes.subarray(0, 3).equals(MARK) ? bytes.subarray(3) : bytes
  }

  /** Gives the memory back. The body must not be used again. */
  release(): void {
    this.#budget.giveBack(this.#length)
    this.#length = 0
    this.#chunks.length = 0
  }
}

function firstOf(chunk: Buffer, isStart: boolean): number | undefined {
  if (isStart && chunk.length < MARK.length && MARK.indexOf(chunk) === 0) return undefined
  let index = isStart && chunk.subarray(0, 3).equals(MARK) ? 3 : 0
  while (index < chunk.length && isBlank(chunk[index])) index++
  return chunk[index]
}

/** Reads a request's body, unfolded where it is packed. Raises what `add` raises, and refusals of what is too slow or broken. */
export async function readWhole(
  request: IncomingMessage,
  { isGzip }: Media,
  { unfoldRatioMax, bodyMsMax }: Limits,
  body: WholeBody,
): Promise<void> {
  body.checkLength(Number(request.headers['content-length'] ?? 0))
  const folded = isGzip ? unfold(request, unfoldRatioMax) : undefined
  try {
    await readInto(body, folded?.stream ?? request, bodyMsMax)
  } finally {
    folded?.stop()
  }
}

/** Reads a stream to its end, within the time. Leaves the stream as it is where that fails. */
function readInto(body: WholeBody, source: Readable, msMax: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: unknown): void => {
      clearTimeout(timer)
      source.off('data', onData).off('end', onEnd).off('error', settle).off('close', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onData = (chunk: Buffer): void => {
      try {
        body.add(chunk)
      } catch (error) {
        settle(error)
      }
    }
    const onEnd = (): void => settle(undefined)
    const onClose = (): void => settle(new Refusal(400, 'request-invalid', 'The connection ended within the body.'))
    const timer = setTimeout(() => {
      settle(new Refusal(408, 'timeout', `The body did not arrive within ${msMax / 1000} s.`))
    }, msMax)
    source.on('data', onData).on('end', onEnd).on('error', settle).on('close', onClose)
  })
}

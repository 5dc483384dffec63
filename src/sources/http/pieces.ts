import type { Readable } from 'node:stream'
import { Refusal } from './problem.ts'

/** So many chunks of a stream wait in memory before its sender is made to. */
const WAITING_MAX = 4

/**
 * A stream, piece by piece, as fast as they are asked for. Only waiting for the sender counts as its silence, not our own
 * work. Unlike a stream's iterator it leaves the stream open when it ends early, so that an answer can still be sent.
 */
export class Pieces {
  readonly #source: Readable
  readonly #idleMsMax: number
  readonly #waiting: Buffer[] = []
  #ended: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(source: Readable, idleMsMax: number) {
    this.#source = source
    this.#idleMsMax = idleMsMax
    source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
  }

  /** The next piece; undefined at the end. Rejects where the stream broke, or nothing came for too long. */
  async next(): Promise<Buffer | undefined> {
    if (this.#waiting.length === 0 && this.#ended === undefined) await this.#arrival()
    const piece = this.#waiting.shift()
    if (piece !== undefined) {
      if (this.#waiting.length === 0 && this.#ended === undefined) this.#source.resume()
      return piece
    }
    if (this.#ended?.error !== undefined) throw this.#ended.error
    return undefined
  }

  /** Lets go of the stream. */
  stop(): void {
    this.#source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    this.#waiting.length = 0
    this.#end(undefined)
  }

  #arrival(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#wake = undefined
        reject(new Refusal(408, 'timeout', `Nothing more of the body arrived for ${this.#idleMsMax / 1000} s.`))
      }, this.#idleMsMax)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #end(error: unknown): void {
    this.#ended ??= { error }
    this.#wakeUp()
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#waiting.push(chunk)
    if (this.#waiting.length >= WAITING_MAX) this.#source.pause()
    this.#wakeUp()
  }
  readonly #onEnd = (): void => this.#end(undefined)
  // Stays on the stream after `stop`: an error that nobody listens to would end the process.
  readonly #onError = (error: unknown): void => this.#end(error)
  readonly #onClose = (): void =>
    this.#end(new Refusal(400, 'request-invalid', 'The connection ended within the body.'))
}

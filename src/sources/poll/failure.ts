import { GroundstationError } from '../../errors.ts'

/** How much of an answer that isn't what it should be is kept. */
export const BEGINNING_BYTES = 4096

/** Why a page didn't come, or can't be used. */
export class PageFailure extends GroundstationError {
  /** The answer's first bytes, where it is the answer that is wrong: kept as a dead letter. */
  readonly beginning: Buffer | undefined
  /** How long the API asks to be left alone. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: 'SOURCE_UNREACHABLE' | 'SOURCE_ANSWER',
    message: string,
    rest: { readonly beginning?: Buffer; readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(code, message, rest.cause === undefined ? {} : { cause: rest.cause })
    this.beginning = rest.beginning?.subarray(0, BEGINNING_BYTES)
    this.retryAfterMs = rest.retryAfterMs
  }
}

/** An answer that isn't what it should be. */
export const wrongAnswer = (message: string, beginning: Buffer): PageFailure =>
  new PageFailure('SOURCE_ANSWER', message, { beginning })

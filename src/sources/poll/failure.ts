import { GroundstationError } from '../../errors.ts'

/** How much of an answer that isn't what it should be is kept. */
export const BEGINNING_BYTES = 4096

export const ATTEMPTS_MAX = 5
/** What is garbled may have been so on its way, or by an API that is being restarted. */
const GARBLED_ATTEMPTS_MAX = 3

/** Why a page didn't come, or can't be used. */
export class PageFailure extends GroundstationError {
  /** The answer's first bytes, where it is the answer that is wrong: kept as a dead letter. */
  readonly beginning: Buffer | undefined
  /** How long the API asks to be left alone. */
  readonly retryAfterMs: number | undefined
  /** How often it is asked in all before that is how it is. */
  readonly attempts: number

  constructor(
    code: 'SOURCE_UNREACHABLE' | 'SOURCE_ANSWER',
    message: string,
    rest: {
      readonly beginning?: Buffer
      readonly retryAfterMs?: number | undefined
      readonly attempts?: number
      readonly cause?: unknown
    } = {},
  ) {
    super(code, message, rest.cause === undefined ? {} : { cause: rest.cause })
    this.beginning = rest.beginning?.subarray(0, BEGINNING_BYTES)
    this.retryAfterMs = rest.retryAfterMs
    this.attempts = rest.attempts ?? (code === 'SOURCE_UNREACHABLE' ? ATTEMPTS_MAX : 1)
  }
}

/** An answer that isn't what it should be, and would be no other. */
export const wrongAnswer = (message: string, beginning: Buffer): PageFailure =>
  new PageFailure('SOURCE_ANSWER', message, { beginning })

/** One that says nothing that could be read. */
export const garbled = (message: string, beginning: Buffer): PageFailure =>
  new PageFailure('SOURCE_ANSWER', message, { beginning, attempts: GARBLED_ATTEMPTS_MAX })

import { GroundstationError } from '../../errors.ts'

/** How much of an answer that isn't what it should be is kept. */
export const BEGINNING_BYTES = 4096

export const ATTEMPTS_MAX = 5
/** What is garbled may have been so on its way, or by an API that is being restarted. */
const GARBLED_ATTEMPTS_MAX = 3

/**
 * What kind of thing kept it: a host without an address, nobody there, a certificate, time, the connection; a status; an answer
 * that leads elsewhere, is too long, or isn't what it should be.
 */
export type Why =
  | 'name'
  | 'refused'
  | 'certificate'
  | 'late'
  | 'connection'
  | 'status'
  | 'elsewhere'
  | 'size'
  | 'answer'

/** Why a page didn't come, or can't be used. */
export class PageFailure extends GroundstationError {
  /** The answer's first bytes, where it is the answer that is wrong: kept as a dead letter. */
  readonly beginning: Buffer | undefined
  /** How long the API asks to be left alone. */
  readonly retryAfterMs: number | undefined
  /** How often it is asked in all before that is how it is. */
  readonly attempts: number
  readonly why: Why
  /** Where `why` is a status. */
  readonly status: number | undefined

  constructor(
    code: 'SOURCE_UNREACHABLE' | 'SOURCE_ANSWER',
    message: string,
    rest: {
      readonly beginning?: Buffer
      readonly retryAfterMs?: number | undefined
      readonly attempts?: number
      readonly why?: Why
      readonly status?: number
      readonly cause?: unknown
    } = {},
  ) {
    super(code, message, rest.cause === undefined ? {} : { cause: rest.cause })
    this.beginning = rest.beginning?.subarray(0, BEGINNING_BYTES)
    this.retryAfterMs = rest.retryAfterMs
    this.attempts = rest.attempts ?? (code === 'SOURCE_UNREACHABLE' ? ATTEMPTS_MAX : 1)
    this.why = rest.why ?? (code === 'SOURCE_UNREACHABLE' ? 'connection' : 'answer')
    this.status = rest.status
  }
}

/** An answer that isn't what it should be, and would be no other. */
export const wrongAnswer = (
  message: string,
  beginning: Buffer,
  rest: { why?: Why; status?: number } = {},
): PageFailure => new PageFailure('SOURCE_ANSWER', message, { beginning, ...rest })

/** One that leads where no answer may lead. */
export const leadsElsewhere = (message: string): PageFailure =>
  new PageFailure('SOURCE_ANSWER', message, { why: 'elsewhere' })

/** One that says nothing that could be read. */
export const garbled = (message: string, beginning: Buffer): PageFailure =>
  new PageFailure('SOURCE_ANSWER', message, { beginning, attempts: GARBLED_ATTEMPTS_MAX })

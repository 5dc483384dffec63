/**
 * Every error that Groundstation raises, in one closed table. HTTP status and exit code are mapped once each, at the
 * edges (`sources/http/problem.ts`, `cli/exit.ts`); nothing else knows of either.
 */
const CODES = {
  DECLARATION_INVALID: { canRetry: false },
  SETTING_INVALID: { canRetry: false },
  USAGE: { canRetry: false },
  NOT_FOUND: { canRetry: false },
  NAME_TAKEN: { canRetry: false },
  REQUEST_INVALID: { canRetry: false },
  BODY_TOO_LARGE: { canRetry: false },
  MEDIA_TYPE: { canRetry: false },
  IDEMPOTENCY_CONFLICT: { canRetry: false },
  CLOSED: { canRetry: false },
  SIGNATURE_INVALID: { canRetry: false },
  SOURCE_OFF: { canRetry: false },
  SOURCE_CONFLICT: { canRetry: true },
  SOURCE_FENCED: { canRetry: false },
  SOURCE_UNREACHABLE: { canRetry: true },
  SOURCE_ANSWER: { canRetry: false },
  OUTPUT_FENCED: { canRetry: true },
  TOPIC_MISSING: { canRetry: false },
  KAFKA_UNREACHABLE: { canRetry: true },
  TOO_MANY_REQUESTS: { canRetry: true },
  BUSY: { canRetry: true },
  STORE_UNREACHABLE: { canRetry: true },
  STORE_INCOMPATIBLE: { canRetry: false },
  OUTCOME_UNKNOWN: { canRetry: true },
  DECLARATION_OLDER: { canRetry: false },
  NOT_FILLED: { canRetry: true },
  STOPPING: { canRetry: true },
  EMBEDDED_UNAVAILABLE: { canRetry: false },
  EMBEDDED_FOREIGN: { canRetry: false },
  EMBEDDED_FAILED: { canRetry: true },
  PORT_TAKEN: { canRetry: false },
  FILE_UNREADABLE: { canRetry: false },
  FOLD_FAILED: { canRetry: false },
  INTERNAL: { canRetry: false },
} as const

export type ErrorCode = keyof typeof CODES

/** Where and what, in words that tell the reader what to do. Never carries a payload or a secret. */
export class GroundstationError extends Error {
  override readonly name = 'GroundstationError'
  readonly code: ErrorCode
  /** JSON Pointer or file position of the fault, where there is one. */
  readonly at: string | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; at?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.at = options.at
  }

  /** Whether the same call may succeed later without anyone changing anything. */
  get canRetry(): boolean {
    return CODES[this.code].canRetry
  }
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

import { CommanderError } from 'commander'
import { type ErrorCode, GroundstationError } from '../errors.ts'

/** What a command's exit code says; of `start`, how it ended. */
export const EXIT = { done: 0, found: 1, usage: 2, unreachable: 3 } as const

/** The one place where an error becomes an exit code. */
const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  DECLARATION_INVALID: EXIT.found,
  DECLARATION_OLDER: EXIT.found,
  NOT_FILLED: EXIT.unreachable,
  SOURCE_CONFLICT: EXIT.found,
  SOURCE_FENCED: EXIT.found,
  SOURCE_UNREACHABLE: EXIT.unreachable,
  SOURCE_ANSWER: EXIT.unreachable,
  OUTPUT_FENCED: EXIT.found,
  TOPIC_MISSING: EXIT.unreachable,
  KAFKA_UNREACHABLE: EXIT.unreachable,
  IDEMPOTENCY_CONFLICT: EXIT.found,
  CLOSED: EXIT.usage,
  SIGNATURE_INVALID: EXIT.usage,
  SOURCE_OFF: EXIT.usage,
  FOLD_FAILED: EXIT.found,
  INTERNAL: EXIT.found,
  SETTING_INVALID: EXIT.usage,
  USAGE: EXIT.usage,
  NOT_FOUND: EXIT.usage,
  NAME_TAKEN: EXIT.usage,
  REQUEST_INVALID: EXIT.usage,
  BODY_TOO_LARGE: EXIT.usage,
  MEDIA_TYPE: EXIT.usage,
  FILE_UNREADABLE: EXIT.usage,
  TOO_MANY_REQUESTS: EXIT.unreachable,
  BUSY: EXIT.unreachable,
  STORE_UNREACHABLE: EXIT.unreachable,
  STORE_INCOMPATIBLE: EXIT.unreachable,
  OUTCOME_UNKNOWN: EXIT.unreachable,
  STOPPING: EXIT.unreachable,
  EMBEDDED_UNAVAILABLE: EXIT.unreachable,
  EMBEDDED_FOREIGN: EXIT.unreachable,
  EMBEDDED_FAILED: EXIT.unreachable,
  PORT_TAKEN: EXIT.unreachable,
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof GroundstationError) return EXIT_CODES[error.code]
  // Help that was asked for, and the version, are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  return EXIT.found
}

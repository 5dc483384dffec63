import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import { type ErrorCode, GroundstationError } from '../../errors.ts'

/** An error as RFC 9457 has it. */
export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly [member: string]: unknown
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

const STATUS: Readonly<Record<ErrorCode, number>> = {
  DECLARATION_INVALID: 500,
  SETTING_INVALID: 500,
  USAGE: 400,
  NOT_FOUND: 404,
  NAME_TAKEN: 409,
  REQUEST_INVALID: 400,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE: 415,
  IDEMPOTENCY_CONFLICT: 409,
  CLOSED: 409,
  SIGNATURE_INVALID: 401,
  SOURCE_OFF: 503,
  SOURCE_CONFLICT: 409,
  SOURCE_FENCED: 409,
  SOURCE_UNREACHABLE: 503,
  SOURCE_ANSWER: 503,
  OUTPUT_FENCED: 503,
  TOPIC_MISSING: 503,
  KAFKA_UNREACHABLE: 503,
  TOO_MANY_REQUESTS: 429,
  BUSY: 429,
  STORE_UNREACHABLE: 503,
  STORE_INCOMPATIBLE: 500,
  OUTCOME_UNKNOWN: 503,
  DECLARATION_OLDER: 503,
  NOT_FILLED: 503,
  STOPPING: 503,
  EMBEDDED_UNAVAILABLE: 500,
  EMBEDDED_FOREIGN: 500,
  EMBEDDED_FAILED: 503,
  PORT_TAKEN: 500,
  FILE_UNREADABLE: 500,
  FOLD_FAILED: 500,
  INTERNAL: 500,
}

// A 5xx never tells what went wrong inside: these words stand for it.
const SERVER_WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  STORE_UNREACHABLE: 'The database is not reachable at the moment. Send the request again.',
  OUTCOME_UNKNOWN:
    'The connection to the database ended during the commit: what was sent may be stored or not. Send it again; what is on the record already is told as a duplicate.',
  DECLARATION_OLDER: 'A newer version of this feed is being rolled out; this process serves it no more. Send it again.',
  SOURCE_OFF: 'The posts of this feed must be signed, and the setting of their secrets is not set here.',
  NOT_FILLED: 'This view is being filled for the first time. Send the request again.',
  STOPPING: 'The server is stopping. Send the request again.',
  EMBEDDED_FAILED: 'The database is not reachable at the moment. Send the request again.',
}
const SIGNATURE_INVALID = 'urn:groundstation:signature-invalid'
const FAILED = 'Something failed on the server; its log says what.'

/** A refusal that HTTP alone knows of: a time-out, a method, a host. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly problem: Problem

  constructor(status: number, code: string, detail: string, members: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.problem = problem(status, code, detail, members)
  }
}

export function problem(
  status: number,
  code: string,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
): Problem {
  return { type: `urn:groundstation:${code}`, title: STATUS_CODES[status] ?? 'Error', status, detail, ...members }
}

/** The problem that answers whatever was thrown. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Refusal) return thrown.problem
  if (thrown instanceof GroundstationError) {
    const status = STATUS[thrown.code]
    const code = thrown.code.toLowerCase().replaceAll('_', '-')
    const detail = status >= 500 ? (SERVER_WORDS[thrown.code] ?? FAILED) : thrown.message
    return problem(status, status === 500 ? 'internal' : code, detail)
  }
  // Fastify's own, of what it refused before a route saw it.
  const { statusCode, code } = (thrown ?? {}) as { statusCode?: unknown; code?: unknown }
  if (typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number' && statusCode < 500)
    return problem(statusCode, 'request-invalid', thrown instanceof Error ? thrown.message : '')
  return problem(500, 'internal', FAILED)
}

/** Whether an error says that something is wrong on our side, and nobody has been told yet. */
export const isOurFault = (thrown: unknown): boolean => problemOf(thrown).status === 500

export function sendProblem(reply: FastifyReply, answer: Problem): FastifyReply {
  if (answer.status === 429 || answer.status === 503) reply.header('retry-after', String(answer.retryAfter ?? 1))
  if (answer.type === SIGNATURE_INVALID) reply.header('www-authenticate', 'Signature')
  // Whoever was too slow gets no second request on the connection.
  if (answer.status === 408) reply.header('connection', 'close')
  // As bytes: to a text Fastify adds a charset, which this media type doesn't have.
  const body = Buffer.from(JSON.stringify(answer))
  return reply.code(answer.status).header('content-type', PROBLEM_MEDIA_TYPE).send(body)
}

import type { FastifyRequest } from 'fastify'
import { GroundstationError } from '../errors.ts'
import type { Budget } from '../sources/http/budget.ts'
import type { Limits } from '../sources/http/limits.ts'
import { readWhole, WholeBody } from '../sources/http/whole-body.ts'

/** A name and a password, or a user: no more than that. */
const BYTES_MAX = 16 * 1024

export type BodyLimits = { readonly limits: Limits; readonly budget: Budget }

/** The request's body as text, in UTF-8. Raises MEDIA_TYPE for another than the type, BODY_TOO_LARGE, REQUEST_INVALID. */
export async function readSmallBody(
  { headers, raw }: FastifyRequest,
  mediaType: string,
  { limits, budget }: BodyLimits,
): Promise<string> {
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (type.trim().toLowerCase() !== mediaType || headers['content-encoding'] !== undefined)
    throw new GroundstationError('MEDIA_TYPE', `Content-Type: ${mediaType} is taken here, in UTF-8 and not packed.`)
  const body = new WholeBody({ ...limits, eventBytesMax: BYTES_MAX, arrayBytesMax: BYTES_MAX }, budget)
  try {
    await readWhole(raw, { form: 'json', isGzip: false }, limits, body)
    return new TextDecoder('utf-8', { fatal: true }).decode(body.bytes())
  } catch (error) {
    if (error instanceof TypeError) throw new GroundstationError('REQUEST_INVALID', 'The body is not UTF-8.')
    if (error instanceof GroundstationError && error.code === 'BODY_TOO_LARGE')
      throw new GroundstationError('BODY_TOO_LARGE', `The body has at most ${BYTES_MAX} bytes here.`)
    throw error
  } finally {
    body.release()
  }
}

/** The same, as a JSON object. */
export async function readSmallObject(request: FastifyRequest, bounds: BodyLimits): Promise<Record<string, unknown>> {
  const text = await readSmallBody(request, 'application/json', bounds)
  const value: unknown = parse(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new GroundstationError('REQUEST_INVALID', 'The body is not a JSON object.')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

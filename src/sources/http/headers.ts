import type { IncomingHttpHeaders } from 'node:http'
import { GroundstationError } from '../../errors.ts'

/** Whether the sender asks for each event's receipt (RFC 7240). */
export const wantsReceipts = ({ prefer }: IncomingHttpHeaders): boolean =>
  prefer !== undefined && /(?:^|,)\s*return\s*=\s*"?representation"?\s*(?:[,;]|$)/i.test(String(prefer))

/** The request's idempotency key. Raises REQUEST_INVALID for one that isn't printable, or too long. */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key))
    throw new GroundstationError('REQUEST_INVALID', 'Idempotency-Key has 1 to 255 printable ASCII characters.')
  return key
}

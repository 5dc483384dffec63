import type { IncomingHttpHeaders } from 'node:http'
import type { Headers } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'

/** The headers of these names, those that are there. */
export const headersIn = (headers: IncomingHttpHeaders, names: readonly string[]): Headers =>
  Object.fromEntries(names.flatMap(name => (headers[name] === undefined ? [] : [[name, String(headers[name])]])))

/** Whether the sender asks for each event's receipt (RFC 7240). */
export const wantsReceipts = ({ prefer }: IncomingHttpHeaders): boolean =>
  prefer !== undefined && /(?:^|,)\s*return\s*=\s*"?representation"?\s*(?:[,;]|$)/i.test(String(prefer))

/**
 * The request's idempotency key, from the header that the feed says carries it. Raises REQUEST_INVALID for one that isn't
 * printable, or too long, or missing where the feed relies on it.
 */
export function idempotencyKeyOf(headers: IncomingHttpHeaders, declared?: string): string | undefined {
  const name = declared ?? 'Idempotency-Key'
  const key = headers[name.toLowerCase()]
  if (key === undefined && declared === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key))
    throw new GroundstationError('REQUEST_INVALID', `${name} has 1 to 255 printable ASCII characters.`)
  return key
}

/**
 * A post that must be signed, step by step:
 *
 *     headers ──missing, malformed, too old──▶ 401, before a byte of the body is read
 *        │
 *     body, whole and bounded ──no signature fits──▶ 401, before a byte of it is parsed
 *        │
 *     as any other post
 *
 * The HMAC is taken over the bytes as they came; nothing is decoded before. Why not by a library: docs/decisions/webhooks.md.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { GroundstationError } from '../../../errors.ts'
import type { CompiledSignature } from '../../../feed/signature.ts'
import { type Claim, SCHEMES, valuesIn } from './schemes.ts'

/** How far a delivery's own time may be from ours, either way. */
const TOLERANCE_SECONDS = 300
/** More signatures than anyone sends, and few enough to compare. */
const SIGNATURES_MAX = 16

const refused = (message: string) => new GroundstationError('SIGNATURE_INVALID', message)

/** What the headers claim. Raises SOURCE_OFF where no secret is set, SIGNATURE_INVALID where no body could make it good. */
export function claimOf(
  { scheme, setting, keys }: CompiledSignature,
  headers: IncomingHttpHeaders,
  nowMs: number,
): Claim {
  if (keys().length === 0) throw new GroundstationError('SOURCE_OFF', `${setting} isn't set: no post can be checked.`)
  const { headers: names, read } = SCHEMES[scheme]
  const found = valuesIn(headers, names)
  if (found.missing !== undefined) throw refused(`This path takes signed posts only: ${found.missing} is missing.`)
  const claim = read(...found.values)
  if (claim === undefined || claim.signatures.length === 0 || claim.signatures.length > SIGNATURES_MAX)
    throw refused(`${names.join(', ')}: not as the scheme '${scheme}' has it.`)
  if (claim.sentSeconds !== undefined) checkAge(claim.sentSeconds, nowMs)
  return claim
}

function checkAge(sentSeconds: number, nowMs: number): void {
  const ageSeconds = Math.floor(nowMs / 1000) - sentSeconds
  if (Math.abs(ageSeconds) <= TOLERANCE_SECONDS) return
  throw refused(
    `The signature's time is more than ${TOLERANCE_SECONDS / 60} minutes ${ageSeconds > 0 ? 'old' : 'ahead'}.`,
  )
}

/** Raises SIGNATURE_INVALID where no signature fits the bytes under any of the secrets. */
export function verify({ scheme, keys }: CompiledSignature, { before, signatures }: Claim, body: Buffer): void {
  const { encoding } = SCHEMES[scheme]
  const given = signatures.map(text => Buffer.from(text))
  let fits = false
  for (const key of keys()) {
    const expected = Buffer.from(createHmac('sha256', key).update(before).update(body).digest(encoding))
    // All are compared, whichever fits: how long it takes says nothing.
    for (const one of given) fits = (one.length === expected.length && timingSafeEqual(one, expected)) || fits
  }
  if (!fits) throw refused('No signature fits the body.')
}

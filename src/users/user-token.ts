import { createSecretKey, type KeyObject } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { GroundstationError } from '../errors.ts'

/** How long a login holds. */
export const TOKEN_MINUTES = 30

/** A token says who made it and for whom, so that another program's with the same secret is none of ours. */
const ISSUER = 'groundstation'
const AUDIENCE = 'groundstation-api'
const ALGORITHM = 'HS256'
const SECRET_BYTES_MIN = 32

/** What a token says. The role isn't in it: it may change while the token holds. */
export type UserClaims = {
  readonly id: string
  /** Of the account when the token was made. */
  readonly version: number
}

export type UserTokens = {
  sign(claims: UserClaims): Promise<string>
  /** Undefined for whatever isn't a token of ours that holds now. */
  verify(token: string): Promise<(UserClaims & { readonly expiresMs: number }) | undefined>
}

/** `secret`: its UTF-8 bytes are the key. Raises SETTING_INVALID for one of less than 32. */
export function userTokens(secret: string): UserTokens {
  const bytes = Buffer.from(secret, 'utf8')
  if (bytes.length < SECRET_BYTES_MIN)
    throw new GroundstationError(
      'SETTING_INVALID',
      `GROUNDSTATION_SECRET has ${bytes.length} bytes: expected at least ${SECRET_BYTES_MIN}, such as openssl rand -hex 32.`,
      { at: 'GROUNDSTATION_SECRET' },
    )
  const key = createSecretKey(bytes)
  return {
    sign: ({ id, version }) =>
      new SignJWT({ ver: version })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .setSubject(id)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_MINUTES}m`)
        .sign(key),
    verify: token => verify(token, key),
  }
}

async function verify(token: string, key: KeyObject) {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ['exp', 'iat', 'sub', 'ver'],
    })
    const { sub, ver, exp } = payload
    if (sub === undefined || !UUID.test(sub) || typeof ver !== 'number' || exp === undefined) return undefined
    return { id: sub, version: ver, expiresMs: exp * 1000 }
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

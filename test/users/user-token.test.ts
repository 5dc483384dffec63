import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { SignJWT } from 'jose'
import { userTokens } from '../../src/users/user-token.ts'

const SECRET = 'ä secret of thirty-two bytes, or more'
const tokens = userTokens(SECRET)
const id = randomUUID()
const nowSeconds = Math.floor(Date.now() / 1000)

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const CLAIMS = {
  sub: id,
  ver: 1,
  iss: 'groundstation',
  aud: 'groundstation-api',
  iat: nowSeconds,
  exp: nowSeconds + 600,
}

/** A token put together by hand, signed with the bytes of the secret. */
function forged(claims: object, header: object = { alg: 'HS256', typ: 'JWT' }, hash = 'sha256', secret = SECRET) {
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`
}

const without = (name: string) => Object.fromEntries(Object.entries(CLAIMS).filter(([claim]) => claim !== name))

describe("a user's token", () => {
  test('is one that any program makes with the UTF-8 bytes of the secret', async () => {
    assert.deepEqual(await tokens.verify(forged(CLAIMS)), { id, version: 1, expiresMs: CLAIMS.exp * 1000 })
  })

  test('holds for half an hour', async () => {
    const verified = await tokens.verify(await tokens.sign({ id, version: 3 }))
    assert.equal(verified?.version, 3)
    const leftSeconds = (verified?.expiresMs ?? 0) / 1000 - nowSeconds
    assert.ok(leftSeconds >= 1_800 && leftSeconds < 1_830, String(leftSeconds))
  })

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const attacks: readonly (readonly [string, () => string | Promise<string>])[] = [
    ['alg none', () => `${part({ alg: 'none', typ: 'JWT' })}.${part(CLAIMS)}.`],
    ['alg None, unsigned', () => `${part({ alg: 'None' })}.${part(CLAIMS)}.`],
    ['alg none under a good signature', () => forged(CLAIMS, { alg: 'none' })],
    ['no alg', () => forged(CLAIMS, { typ: 'JWT' })],
    ['the algorithm HS384', () => forged(CLAIMS, { alg: 'HS384' }, 'sha384')],
    ['the algorithm HS512', () => forged(CLAIMS, { alg: 'HS512' }, 'sha512')],
    ['RS256 said, the secret as its key', () => forged(CLAIMS, { alg: 'RS256' })],
    ['RS256 with a key of its own', () => new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256' }).sign(privateKey)],
    [
      'a key within',
      () => forged(CLAIMS, { alg: 'HS256', jwk: { kty: 'oct', k: part('x') } }, 'sha256', 'x'.repeat(32)),
    ],
    ['a critical header that nobody knows', () => forged(CLAIMS, { alg: 'HS256', crit: ['x'], x: 1 })],
    ['another secret', () => forged(CLAIMS, undefined, 'sha256', 'x'.repeat(32))],
    ['an end in the past', () => forged({ ...CLAIMS, exp: nowSeconds - 1 })],
    ['an end that is no number', () => forged({ ...CLAIMS, exp: 'never' })],
    ['a beginning in the future', () => forged({ ...CLAIMS, nbf: nowSeconds + 60 })],
    ...Object.keys(CLAIMS).map(name => [`no ${name}`, () => forged(without(name))] as const),
    ['another audience', () => forged({ ...CLAIMS, aud: 'another' })],
    ['another issuer', () => forged({ ...CLAIMS, iss: 'another' })],
    ['a subject that is none of ours', () => forged({ ...CLAIMS, sub: "' or 1=1" })],
    ['a version that is a text', () => forged({ ...CLAIMS, ver: '1' })],
    [
      'another claim under the old signature',
      () => {
        const [header, , signature] = forged(CLAIMS).split('.')
        return `${header}.${part({ ...CLAIMS, sub: randomUUID() })}.${signature}`
      },
    ],
    ['a signature cut short', () => forged(CLAIMS).slice(0, -4)],
    ['no signature', () => forged(CLAIMS).replace(/\.[^.]*$/, '.')],
    ['claims that are a list', () => forged([CLAIMS])],
    ['five parts', () => `${forged(CLAIMS)}.a.b`],
    ['nothing', () => ''],
    ['no words', () => '..'],
  ]
  for (const [name, attack] of attacks)
    test(`with ${name} is none`, async () => {
      assert.equal(await tokens.verify(await attack()), undefined)
    })

  test('needs a secret of 32 bytes, not of 32 letters less', () => {
    assert.throws(() => userTokens('x'.repeat(31)), { code: 'SETTING_INVALID', message: /31 bytes.*at least 32/ })
    assert.throws(() => userTokens(''), { code: 'SETTING_INVALID' })
    assert.ok(userTokens('ä'.repeat(16)))
  })
})

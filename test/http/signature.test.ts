import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileSignature, type SignatureScheme } from '../../src/feed/signature.ts'
import { env } from '../../src/index.ts'
import { claimOf, verify } from '../../src/sources/http/signed/verify.ts'

const SENT = 1_700_000_000
const BODY = '{"text":"Grüße, ✓ 漢字 \u{1F680}"}'
const STANDARD = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

function signatureWith(scheme: SignatureScheme, secrets: string) {
  const faults: { message: string }[] = []
  const signature = compileSignature({ scheme, secrets: env('S', '') }, new Map([['S', secrets]]), faults as never)
  assert.deepEqual(faults, [])
  assert.ok(signature)
  return signature
}

/** Whether the headers sign the body, at a moment. */
function fits(
  scheme: SignatureScheme,
  secrets: string,
  headers: Record<string, string>,
  body: string | Buffer,
  at = SENT,
) {
  const signature = signatureWith(scheme, secrets)
  try {
    verify(signature, claimOf(signature, headers, at * 1000), Buffer.from(body))
    return true
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'SIGNATURE_INVALID')
    return false
  }
}

/** Made by the senders' own libraries, or printed in their documentation. */
const MADE_ELSEWHERE: readonly (readonly [string, SignatureScheme, string, Record<string, string>, string, number])[] =
  [
    [
      'the documentation of GitHub',
      'github',
      "It's a Secret to Everybody",
      { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
      'Hello, World!',
      SENT,
    ],
    [
      '@octokit/webhooks-methods 6.0.0',
      'github',
      'a-secret-of-its-own-0123',
      { 'x-hub-signature-256': 'sha256=c057959ad21ab975926309657403a1d5323f276e5dbaad014d217fd62c072492' },
      BODY,
      SENT,
    ],
    [
      'stripe 23.1.0',
      'stripe',
      'whsec_a-secret-of-its-own',
      { 'stripe-signature': `t=${SENT},v1=bf4c8cc3991d3c5baf9d986ed230a68a3b8369e8b62ed72959b893225f6b32c4` },
      BODY,
      SENT,
    ],
    [
      'standardwebhooks 1.1.1',
      'standard',
      STANDARD,
      {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(SENT),
        'webhook-signature': 'v1,PyGbbs2JGOBN2wEolrwkEL3EiqWWVjoUUxSe8+BSitA=',
      },
      BODY,
      SENT,
    ],
    [
      'the tests of Standard Webhooks',
      'standard',
      STANDARD,
      {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
      '{"test": 2432232314}',
      1_614_265_330,
    ],
  ]

describe('signatures made elsewhere fit', () => {
  for (const [maker, scheme, secret, headers, body, at] of MADE_ELSEWHERE) {
    test(`by ${maker}`, () => {
      assert.equal(fits(scheme, secret, headers, body, at), true)
      assert.equal(fits(scheme, secret, headers, `${body} `, at), false, 'another body')
      assert.equal(fits(scheme, scheme === 'standard' ? 'b'.repeat(44) : 'x'.repeat(32), headers, body, at), false)
    })
    test(`by ${maker}, not one character changed, cut off or added`, () => {
      const [name, value] = Object.entries(headers).at(-1) ?? ['', '']
      const begin = value.indexOf(scheme === 'github' ? '=' : scheme === 'stripe' ? 'v1=' : 'v1,') + 1
      const broken = [value.slice(0, -1), value.slice(0, -2), value.slice(0, begin + 8), `${value}0`, `${value}=`]
      for (let at = 0; at < value.length; at++) broken.push(`${value.slice(0, at)}~${value.slice(at + 1)}`)
      if (scheme !== 'standard') broken.push(value.slice(0, begin) + value.slice(begin).toUpperCase())
      for (const one of broken) assert.equal(fits(scheme, secret, { ...headers, [name]: one }, body, at), false, one)
    })
  }
})

describe('a signature', () => {
  const [, , , , standard] = MADE_ELSEWHERE
  const [, , stripe] = MADE_ELSEWHERE
  const headersOf = (made: (typeof MADE_ELSEWHERE)[number] | undefined) => made?.[3] ?? {}

  test('is good for five minutes, either way', () => {
    for (const [scheme, secret, headers, body, sent] of [
      ['standard', STANDARD, headersOf(standard), '{"test": 2432232314}', 1_614_265_330],
      ['stripe', 'whsec_a-secret-of-its-own', headersOf(stripe), BODY, SENT],
    ] as const)
      for (const [seconds, isGood] of [[-301, false], [-300, true], [0, true], [300, true], [301, false]] as const) // biome-ignore format: a table
        assert.equal(fits(scheme, secret, headers, body, sent + seconds), isGood, `${scheme} ${seconds}`)
  })

  test('may be one of several, and be made with any of several secrets', () => {
    const { 'webhook-signature': good = '', ...rest } = headersOf(standard)
    const body = '{"test": 2432232314}'
    const other = `v1,${'A'.repeat(43)}=`
    const listed = (list: string, secrets = STANDARD) =>
      fits('standard', secrets, { ...rest, 'webhook-signature': list }, body, 1_614_265_330)
    assert.equal(listed(`${other} v1a,xyz ${good}`), true)
    assert.equal(listed(good, `whsec_${'b'.repeat(44)}, ${STANDARD}`), true)
    assert.equal(listed(good, `${STANDARD},whsec_${'b'.repeat(44)}`), true)
    assert.equal(listed(good.replace('v1,', 'v1a,')), false, 'another version')
    assert.equal(listed([...Array(16).fill(other), good].join(' ')), false, 'too many')
    const sent = `t=${SENT},v1=${'0'.repeat(64)},v0=abc,v1=bf4c8cc3991d3c5baf9d986ed230a68a3b8369e8b62ed72959b893225f6b32c4`
    assert.equal(fits('stripe', 'whsec_a-secret-of-its-own', { 'stripe-signature': sent }, BODY), true)
    assert.equal(
      fits('stripe', 'whsec_a-secret-of-its-own', { 'stripe-signature': `t=${SENT + 1},${sent}` }, BODY),
      false,
    )
  })

  test('is over bytes: what isn’t UTF-8 has no other bytes with the same one', async () => {
    const { asGithub } = await import('./sign.ts')
    const secret = 's'.repeat(32)
    const sent = Buffer.from([0x22, 0xff, 0x22])
    const headers = asGithub(sent, secret)
    assert.equal(fits('github', secret, headers, sent), true)
    assert.equal(fits('github', secret, headers, Buffer.from([0x22, 0xfe, 0x22])), false)
  })

  test('can’t be moved: an id with a full stop would end elsewhere', () => {
    const headers = headersOf(standard)
    const moved = { ...headers, 'webhook-id': `${headers['webhook-id']}.1614265330`, 'webhook-timestamp': '1614265330' }
    assert.equal(fits('standard', STANDARD, moved, '{"test": 2432232314}', 1_614_265_330), false)
  })
})

describe('secrets', () => {
  const faultsOf = (scheme: SignatureScheme, text: string) => {
    const faults: { place: string; message: string }[] = []
    const signature = compileSignature({ scheme, secrets: env('S', '') }, new Map([['S', text]]), faults)
    return { keys: signature?.keys().length, told: faults.map(({ message }) => message).join('\n') }
  }
  test('that are empty are none', () => {
    for (const text of ['', ' ', ',', ' ,\n, ']) assert.deepEqual(faultsOf('github', text), { keys: 0, told: '' })
  })
  test('that are too short, no base64 or too many are told, and not shown', () => {
    assert.match(
      faultsOf('github', `${'g'.repeat(20)},hunter2`).told,
      /^number 2 of S has 7 bytes: expected at least 16/,
    )
    assert.match(faultsOf('standard', 'whsec_').told, /^S has 0 bytes/)
    assert.match(faultsOf('standard', 'whsec_#hunter2').told, /^S is no base64/)
    assert.match(faultsOf('stripe', Array(9).fill('x'.repeat(20)).join()).told, /^S has 9 secrets: expected 8/)
    assert.doesNotMatch(faultsOf('standard', '#hunter2, hunter2').told, /hunter2/)
  })
  test('are in no text that is made of a feed', () => {
    const signature = signatureWith('github', 'hunter2'.repeat(4))
    assert.doesNotMatch(JSON.stringify(signature), /hunter2|104,117/)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEPTH_MAX } from '../../src/feed/exact.ts'
import type { RefusalReason } from '../../src/feed/parse.ts'
import { compile, everything } from './samples.ts'

const { parse } = compile(everything)
const refused = (raw: string | Buffer) => {
  const parsed = parse(Buffer.from(raw))
  return parsed.ok ? undefined : parsed.refusal
}
const withRest = (rest: string) => `{"key":"a","number":7${rest}}`

/** Each: the bytes, and why and where they are refused; whether key and number can still be read. */
const CASES: readonly (readonly [string, string | Buffer, RefusalReason, string, number?])[] = [
  ['nothing', '', 'json', ''],
  ['half an object', '{"key":"a"', 'json', ''],
  ['two values', '{} {}', 'json', ''],
  ['a byte order mark', '\ufeff{}', 'json', ''],
  ['null', 'null', 'schema', ''],
  ['an array', '[]', 'schema', ''],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'encoding', ''],
  ['UTF-8 that hides a surrogate', Buffer.from('7b22ed a0 80223a317d'.replaceAll(' ', ''), 'hex'), 'encoding', ''],
  ['200,000 nested arrays', withRest(`,"x":${'['.repeat(200_000)}${']'.repeat(200_000)}`), 'depth', ''],
  ['200,000 nested objects', '{"a":'.repeat(200_000), 'depth', ''],
  ['U+0000', withRest(',"when":"a\\u0000b"'), 'unstorable', '/when', 7],
  ['U+0000 in an undeclared name', withRest(',"a\\u0000":1'), 'unstorable', '', 7],
  ['half a surrogate pair', withRest(',"when":"\\ud800"'), 'unstorable', '/when', 7],
  ['a pair the wrong way round', withRest(',"words":{"a":"\\udc00\\ud800"}'), 'unstorable', '/words/a', 7],
  ['a wrong value under U+0000', withRest(',"words":{"a\\u0000":1}'), 'schema', '/words/a\ufffd', 7],
  ['a wrong value under half a pair', withRest(',"words":{"\\ud800":1}'), 'schema', '/words/\ufffd', 7],
  ['2^53 + 1 as the number', '{"key":"a","number":9007199254740993}', 'inexact', '/number'],
  ['2^53 as the number', '{"key":"a","number":9007199254740992}', 'key', '/number'],
  ['a hair above 1 as the number', '{"key":"a","number":1.00000000000000000001}', 'inexact', '/number'],
  ['2^53 + 1 where null is allowed', withRest(',"whole":9007199254740993'), 'inexact', '/whole', 7],
  [
    '2^53 + 1 behind a long fraction',
    withRest(',"real":0.12345678901234567890,"large":9007199254740993'),
    'inexact',
    '/large',
    7,
  ],
  ['1e400 where a number is wanted', withRest(',"real":1e400'), 'schema', '/real', 7],
  ['1e400 where nothing is declared', withRest(',"x":[1e400]'), 'inexact', '', 7],
  ['1E+400 where nothing is declared', withRest(',"x":-1E+400'), 'inexact', '', 7],
  ['1e-999999 where nothing is declared', withRest(',"x":1e-999999'), 'inexact', '', 7],
  ['400 digits', withRest(`,"x":1${'0'.repeat(400)}`), 'inexact', '', 7],
  ['1e20 for a bigint', withRest(',"large":1e20'), 'column', '/large', 7],
  ['2^31 for an integer', withRest(',"small":2147483648'), 'column', '/small', 7],
  ['-2^31 - 1 for an integer', withRest(',"small":-2147483649'), 'column', '/small', 7],
  ['a text for an integer', withRest(',"small":"5"'), 'schema', '/small', 7],
  ['true for an integer', withRest(',"small":true'), 'schema', '/small', 7],
  ['null for an integer', withRest(',"small":null'), 'schema', '/small', 7],
  ['a 64 kB key', `{"key":"${'k'.repeat(65_536)}","number":7}`, 'key', '/key'],
  ['an empty key', '{"key":"","number":7}', 'key', '/key'],
  ['a number of 0', '{"key":"a","number":0}', 'key', '/number'],
  ['a number of -0', '{"key":"a","number":-0}', 'key', '/number'],
  ['a number as text', '{"key":"a","number":"7"}', 'schema', '/number'],
  ['a missing number', '{"key":"a"}', 'schema', '/number'],
  ['a key of another type', '{"key":["a"],"number":7}', 'schema', '/key'],
  ['a number under __proto__', '{"key":"a","__proto__":{"number":7}}', 'schema', '/number'],
  ['everything under __proto__', '{"__proto__":{"key":"a","number":7}}', 'schema', '/key'],
]

/** What looks wild and is fine. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ['1.0 for an integer', '{"key":"a","number":1.0}'],
  ['1e0 for an integer', '{"key":"a","number":1e0}'],
  ['2^53 - 1', '{"key":"a","number":9007199254740991}'],
  ['the integer limits', withRest(',"small":-2147483648,"large":-9007199254740991')],
  ['a fraction that a double rounds', withRest(',"real":0.1234567890123456789')],
  ['the largest and the smallest double', withRest(',"real":1.7976931348623157e308,"x":5e-324')],
  ['a surrogate pair', withRest(',"when":"\\ud83d\\ude80"')],
  ['__proto__ with a value', withRest(',"__proto__":{"x":1},"words":{"__proto__":"x","constructor":"y"}')],
  ['a name of 64 kB', withRest(`,"${'n'.repeat(65_536)}":1`)],
  ['an escaped backslash before u0000', withRest(',"when":"\\\\u0000"')],
  ['a UUID that looks like an exponent', withRest(',"when":"3e999999-0000-4000-8000-000000000000"')],
  ['as deep as may be', withRest(`,"x":${'['.repeat(DEPTH_MAX - 1)}${']'.repeat(DEPTH_MAX - 1)}`)],
]

describe('parsing', () => {
  for (const [name, raw, reason, pointer, sequence] of CASES)
    it(`refuses ${name}`, () => {
      const refusal = refused(raw)
      assert.deepEqual({ reason: refusal?.reason, pointer: refusal?.pointer }, { reason, pointer })
      assert.equal(refusal?.sequence, sequence, 'rule 8: the number that it would hold up')
      if (sequence !== undefined) assert.equal(refusal?.key, 'a')
      assert.ok(refusal?.message)
      assert.ok(refusal.message.length < 200, 'no payload in a message')
    })

  for (const [name, raw] of ACCEPTED) it(`takes ${name}`, () => assert.equal(refused(raw), undefined))

  it('keeps __proto__ a property like any other', () => {
    const parsed = parse(Buffer.from(withRest(',"__proto__":{"polluted":true}')))
    assert.ok(parsed.ok)
    assert.ok(Object.hasOwn(parsed.event as object, '__proto__'))
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
  })

  it('turns what a column’s own function throws into a refusal', () => {
    const refusal = refused(withRest(',"words":{"a":"x","toString":"y"}'))
    assert.equal(refusal, undefined)
    const { parse: strict } = compile({
      ...everything,
      declaration: {
        ...everything.declaration,
        tables: {
          rows: {
            columns: {
              bad: {
                type: 'text',
                compute: () => {
                  throw new Error('secret payload')
                },
              },
            },
          },
        },
      },
    })
    const parsed = strict(Buffer.from(withRest('')))
    assert.ok(!parsed.ok)
    assert.equal(parsed.refusal.reason, 'column')
    assert.ok(!parsed.refusal.message.includes('secret'))
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Budget } from '../../src/sources/http/budget.ts'
import { DEFAULT_LIMITS } from '../../src/sources/http/limits.ts'
import { WholeBody } from '../../src/sources/http/whole-body.ts'

test('what a body is doesn’t depend on where it is cut', () => {
  const bodies = [
    ['\ufeff[1]', true, '[1]'],
    ['\ufeff \n[1]', true, ' \n[1]'],
    [' \t\r\n[1]', true, ' \t\r\n[1]'],
    ['\ufeff{}', false, '{}'],
    ['{}', false, '{}'],
    // Within the body it is no mark.
    [' \ufeff[1]', false, ' \ufeff[1]'],
  ] as const
  for (const [text, isArray, rest] of bodies) {
    const bytes = Buffer.from(text)
    for (let cut = 0; cut <= bytes.length; cut++)
      for (const parts of [
        [bytes.subarray(0, cut), bytes.subarray(cut)],
        [...bytes.subarray(0, cut)].map(byte => Buffer.of(byte)).concat(bytes.subarray(cut)),
      ]) {
        const body = new WholeBody(DEFAULT_LIMITS, new Budget(1_000))
        for (const part of parts) body.add(part)
        assert.deepEqual(
          [body.isArray, body.isBlank, body.bytes().toString()],
          [isArray, false, rest],
          `${JSON.stringify(text)} cut at ${cut}`,
        )
      }
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import rockets from '../../feeds/rockets.ts'
import { generateRockets } from '../../simulators/rockets/generate.ts'
import { jsonOf } from '../../simulators/rockets/message.ts'
import { check } from '../seed.ts'
import { isRocketMessage } from './naive-rocket.ts'
import { compile } from './samples.ts'

const { parse } = compile(rockets)
const VALID = [...generateRockets({ seed: 8, rockets: 3, maxMessages: 60, now: () => 1_645_000_000_000 })].map(jsonOf)

/** JSON texts that have broken something somewhere. */
const NASTY = [
  'null', 'true', '""', '"\\u0000"', '"\\ud800"', '"x"', '[]', '{}', '0', '-0', '-1', '1.5', '1.0', '2147483648',
  '9007199254740991', '9007199254740993', '1e400', '-1e-400', '1.00000000000000000001', '{"__proto__":1}',
  '"2016-12-31T23:59:60Z"', '"2022-02-30T00:00:00Z"', '"2022-02-02T19:39:05"', '"2022-02-02T24:00:00Z"',
  `"${'k'.repeat(65_536)}"`, '['.repeat(130) + ']'.repeat(130),
] // biome-ignore format: a list of words
const PLACES = /"(?:\\.|[^"\\])*"(?=[,}])|-?\d+(?=[,}])/g

const byteEdit = fc.record({
  kind: fc.constantFrom('flip', 'drop', 'insert', 'repeat'),
  at: fc.nat(),
  byte: fc.integer({ min: 0, max: 255 }),
})

function edit(bytes: Buffer, { kind, at, byte }: { kind: string; at: number; byte: number }): Buffer {
  const place = at % bytes.length
  const before = bytes.subarray(0, place)
  if (kind === 'flip') return Buffer.concat([before, Buffer.from([byte]), bytes.subarray(place + 1)])
  if (kind === 'drop') return Buffer.concat([before, bytes.subarray(place + 1 + (byte % 8))])
  if (kind === 'insert') return Buffer.concat([before, Buffer.from([byte]), bytes.subarray(place)])
  return Buffer.concat([before, bytes.subarray(Math.max(0, place - (byte % 40)))])
}

function judge(bytes: Buffer): void {
  const parsed = parse(bytes)
  assert.equal(parsed.ok, isRocketMessage(bytes), bytes.toString('utf8').slice(0, 400))
  if (!parsed.ok) assert.ok(parsed.refusal.pointer.isWellFormed() && parsed.refusal.message.isWellFormed())
}

describe('broken events', () => {
  it('of broken bytes are told from good ones just as a naive check does, and never throw', () =>
    check(
      import.meta.filename,
      fc.property(fc.constantFrom(...VALID), fc.array(byteEdit, { maxLength: 4 }), (json, edits) =>
        judge(edits.reduce(edit, Buffer.from(json))),
      ),
      4000,
    ))

  it('of broken values are told from good ones just as a naive check does', () =>
    check(
      import.meta.filename,
      fc.property(fc.constantFrom(...VALID), fc.nat(), fc.constantFrom(...NASTY), (json, at, nasty) => {
        const places = [...json.matchAll(PLACES)]
        const place = places[at % places.length]
        assert.ok(place)
        judge(Buffer.from(json.slice(0, place.index) + nasty + json.slice(place.index + place[0].length)))
      }),
      1500,
    ))

  it('of any JSON and any bytes never throw', () =>
    check(
      import.meta.filename,
      fc.property(fc.oneof(fc.json().map(Buffer.from), fc.uint8Array({ maxLength: 200 }).map(Buffer.from)), judge),
      1500,
    ))
})

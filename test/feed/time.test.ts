import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { parseDurationMs, parseTime } from '../../src/feed/time.ts'
import { openStore } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'
import { check } from '../seed.ts'

const store = await openStore(await freshDatabase({ after }), { connectionsMax: 1 })
after(() => store.close())

const two = (least: number, most: number) => fc.integer({ min: least, max: most }).map(n => String(n).padStart(2, '0'))
const fraction = fc.oneof(
  fc.constant(''),
  fc.stringMatching(/^[0-9]{1,12}$/).map(digits => `.${digits}`),
  fc.stringMatching(/^[0-9]{6}5$/).map(digits => `.${digits}`),
  fc.constantFrom('.9999995', '.999999999', '.0000005', '.0000015', '.000000500000000000001'),
)
const offset = fc.oneof(
  fc.constantFrom('Z', 'z', '+00:00', '-00:00', '+15:59', '-15:59'),
  fc
    .tuple(fc.constantFrom('+', '-'), two(0, 14), two(0, 59))
    .map(([sign, hours, minutes]) => `${sign}${hours}:${minutes}`),
)
const time = fc
  .tuple(
    fc.integer({ min: 1, max: 9999 }),
    two(1, 12),
    two(1, 31),
    two(0, 23),
    two(0, 59),
    two(0, 60),
    fraction,
    offset,
    fc.constantFrom('T', 't', ' '),
  )
  .map(
    ([year, month, day, hour, minute, second, part, zone, t]) =>
      `${String(year).padStart(4, '0')}-${month}-${day}${t}${hour}:${minute}:${second}${part}${zone}`,
  )

/** What the server makes of each, in microseconds since 2000; null where it takes none. */
async function asked(texts: readonly string[]): Promise<(string | null)[]> {
  const { rows } = await store.query(
    `select case when pg_input_is_valid(t, 'timestamptz') then (extract(epoch from t::timestamptz) * 1000000 - 946684800000000)::numeric(30,0)::text end as micros
     from unnest($1::text[]) with ordinality as given (t, place) order by place`,
    [texts],
  )
  return rows.map(({ micros }) => micros as string | null)
}

describe('times', () => {
  it('are to the microsecond what PostgreSQL reads, rounding included', () =>
    check(
      import.meta.filename,
      fc.asyncProperty(fc.array(time, { minLength: 100, maxLength: 200 }), async texts => {
        const answers = await asked(texts)
        for (const [index, text] of texts.entries()) {
          const instant = parseTime(text)
          const ours = instant && String(BigInt(instant.seconds) * 1_000_000n + BigInt(instant.micros))
          assert.equal(ours ?? null, answers[index] ?? null, text)
        }
      }),
      20,
    ))

  const REFUSED = [
    '', '2022-02-02', '2022-02-02T19:39:05', '2022-02-02T19:39Z', '2022-02-30T00:00:00Z', '2023-02-29T00:00:00Z', '2022-13-02T00:00:00Z',
    '2022-00-02T00:00:00Z', '0000-01-01T00:00:00Z', '2022-02-02T24:00:00Z', '2022-02-02T00:60:00Z', '2022-02-02T00:00:61Z', '2022-02-02T00:00:00.Z',
    '2022-02-02T00:00:00+1:00', '2022-02-02T00:00:00+0100', '2022-02-02T00:00:00+24:00', '2022-02-02T00:00:00+01:60', '2022-02-02T00:00:00Zx',
    ' 2022-02-02T00:00:00Z', '2022-2-02T00:00:00Z', '２022-02-02T00:00:00Z', 'now', 'infinity', '2022-02-02T00:00:00 +01:00', '+2022-02-02T00:00:00Z',
  ] // biome-ignore format: a list of words
  for (const text of REFUSED) it(`aren’t '${text}'`, () => assert.equal(parseTime(text), undefined))

  it('may be a leap second', () =>
    assert.equal(parseTime('2016-12-31T23:59:60Z')?.seconds, parseTime('2017-01-01T00:00:00Z')?.seconds))
})

describe('durations', () => {
  it('are a number and a unit', () => {
    const given = ['30s', '1.5m', '10ms', '2h', '1d', ' 3s ', '', 's', '3', '-1s', '1w', '1 s', 'Infinitys', '1e3s']
    assert.deepEqual(given.map(parseDurationMs), [
      30_000,
      90_000,
      10,
      7_200_000,
      86_400_000,
      3_000,
      ...Array(8).fill(undefined),
    ])
  })
})
